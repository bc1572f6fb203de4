"""What book/_ext/finished_pages.py does to a page: code moves to files in its place, the rest stays."""

from book._ext.finished_pages import move_out


def test_code_moves_to_a_file_and_everything_else_stays():
    page = '<script src="a.js"></script><script>let x = 1;</script><p>a</p><script type="text/x">b</script>'
    after, files = move_out(page, "../")
    (name,) = files
    assert files[name] == "let x = 1;"
    assert after == page.replace("<script>let x = 1;", f'<script src="../_static/inline/{name}">')
    assert move_out(after, "../") == (after, {})


def test_attributes_are_kept_and_data_blocks_are_not_code():
    page = '<script data-cfasync="false">go()</script><script type="application/ld+json">{"a": 1}</script>'
    after, files = move_out(page, "")
    assert 'data-cfasync="false" src="_static/inline/' in after
    assert '<script type="application/ld+json">{"a": 1}</script>' in after
    assert list(files.values()) == ["go()"]


def test_code_that_mentions_a_script_element_is_one_piece():
    _, files = move_out("<script>a = '<script>'; b()</script>", "")
    assert list(files.values()) == ["a = '<script>'; b()"]


def test_the_print_button_and_what_nobody_reads():
    page = (
        '<button onclick="window.print()">Print</button>'
        '<script type="application/vnd.jupyter.widget-state+json">{"state": {}}</script>'
        '<script defer src="_static/scripts/fontawesome.js?digest=1"></script>'
    )
    assert move_out(page, "") == ('<button data-prints="page">Print</button>', {})
