"""Real PyTorch training from a few fields, in a notebook with a kernel: runs are kept side by side."""

from hvae_lessons.widgets.kernel_panel.widget import KernelPanel

__all__ = ["KernelPanel"]
