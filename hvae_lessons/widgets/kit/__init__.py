"""What the widgets share on Python's side; the front ends share `js/`."""
