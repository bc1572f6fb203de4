"""Theorems as Markdown: read by JupyterLab, Colab and the web book alike.

Mathematics stands between `$$`; the frame is a `<div>` that the book's style sheet draws; an expression too
long for a page is left out, and the verdict stands without it.
"""

import html

import sympy

from hvae_lessons.checks import check_choice

LONGEST_LATEX = 320
LONGEST_LINE = 90  # of LaTeX, in the one line of a folded theorem
MARKS = {"proved": "✓", "refuted": "✗", "undecided": "?"}


def theorem_markdown(examination, folded=False):
    """One theorem: statement, what the code computes, what that must equal, verdict, steps, wrong variants.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `examination` | Examination | of the theorem |
    | `folded` | bool | the whole behind one line; a theorem that fails is never folded |
    | returns | str | Markdown |

    Source: the registry.
    """
    verdict, entry = examination.verdict, examination.verdict.theorem
    steps = [f"{MARKS[claim.status]} {claim.step}" for claim in verdict.claims]
    wrong = [f"{label} (fails at: {_reason(outcome)})" for label, outcome in examination.wrong.items()]
    origin = html.escape(f"Proved for: {entry.scope}. Source: {entry.source}.")
    folded = folded and examination.passed
    frame = f'<div class="{"proof" if examination.passed else "proof failed"}">'
    parts = [
        _line(entry, verdict) if folded else frame,
        f'<p class="proof-title">Theorem {entry.name}, about {_code(entry)}</p>',
        _math(entry.statement),
        *_computed_and_expected(verdict.claims),
        f"**{_outcome(examination)}**",
        _folded(f"The {len(steps)} steps of the proof", steps),
        _folded(f"The {len(wrong)} wrong variants, and where each fails", wrong),
        f'<p class="proof-source">{origin}</p>',
        "</details>" if folded else "</div>",
    ]
    return "\n\n".join(parts)


def theorem_text(examination):
    """The same in one line of plain text, for a terminal."""
    entry = examination.verdict.theorem
    return f"{entry.name}: {_outcome(examination)} Proved for: {entry.scope}. Source: {entry.source}."


def chapter_markdown(examinations, chapter):
    """The theorems of one chapter: a table of what was proved, and the statements below it.

    | Symbol | Shape | Meaning |
    |---|---|---|
    | `examinations` | list of Examination | of any chapters |
    | `chapter` | str | which of them to show |
    | returns | str | Markdown |

    Raises: ValueError for a chapter that has no examination.
    Source: the registry.
    """
    check_choice("chapter", chapter, {e.verdict.theorem.chapter: None for e in examinations})
    chosen = [e for e in examinations if e.verdict.theorem.chapter == chapter]
    rows = [
        "| theorem, and its code | proved for | steps | wrong code refuted | seconds |",
        "|---|---|---|---|---|",
    ]
    rows += [_row(examination) for examination in chosen]
    statements = []
    for examination in chosen:
        entry = examination.verdict.theorem
        statements += [f"`{entry.name}` ({entry.source})", _math(entry.statement)]
    return "\n\n".join(["\n".join(rows), *statements])


def _row(examination):
    entry, claims = examination.verdict.theorem, examination.verdict.claims
    proved = sum(claim.holds for claim in claims)
    refuted = sum(verdict.refuted for verdict in examination.wrong.values())
    code = ", ".join(f"`{code.__qualname__}`" for code in entry.about)
    cells = [
        f"{'✓' if examination.passed else '✗'} **{entry.name}**<br>{code}",
        entry.scope.replace("|", r"\|"),
        f"{proved}/{len(claims)}",
        f"{refuted}/{len(examination.wrong)}",
        f"{examination.seconds:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _line(entry, verdict):
    """What stands for a folded theorem; Markdown needs the empty lines to see the statement."""
    statement = f": ${entry.statement}$" if len(entry.statement) <= LONGEST_LINE else ""
    line = f"**Theorem {entry.name}**{statement}, proved in {verdict.seconds:.1f} seconds"
    return f'<details class="proof"><summary>\n\n{line}\n\n</summary>'


def _code(entry):
    return ", ".join(f"<code>{html.escape(code.__qualname__)}</code>" for code in entry.about)


def _outcome(examination):
    """The verdict in a sentence."""
    refuted = sum(verdict.refuted for verdict in examination.wrong.values())
    word = "Proved" if examination.verdict.holds else "NOT proved"
    count = f"{refuted} of {len(examination.wrong)} wrong variants refuted"
    return f"{word}; {count}; {examination.seconds:.1f} seconds."


def _reason(verdict):
    """The first step at which a wrong variant is found out."""
    return next((claim.step for claim in verdict.claims if claim.status == "refuted"), "NOT refuted")


def _computed_and_expected(claims):
    """The two sides of the first step in which they are short enough to be read."""
    for claim in claims:
        if not isinstance(claim.expected, sympy.Expr):
            continue
        sides = [sympy.latex(side) for side in (claim.computed, claim.expected)]
        if max(map(len, sides)) > LONGEST_LATEX:
            continue
        if sides[0] == sides[1]:
            return ["The code computes, and must compute,", _math(sides[0])]
        return ["The code computes", _math(sides[0]), "which must equal", _math(sides[1])]
    return []


def _math(latex):
    """Display math; a statement of several lines is centered line by line."""
    lines = rf"\begin{{gathered}}{latex}\end{{gathered}}" if r"\\" in latex else latex
    return f"$$\n{lines}\n$$"


def _folded(title, lines):
    """A list that opens on a click."""
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<details><summary>{title}</summary><ul>{items}</ul></details>"
