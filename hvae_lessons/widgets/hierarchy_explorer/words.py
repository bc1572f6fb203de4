"""What a reader of the widget sees in words. {name}: a value; between dollar signs: mathematics."""

PAGE = {
    "title": "Hierarchy explorer",
    "and": "{names} and {last}",
    # The digit and its image.
    "offered": "Pick a test digit:",
    "take": "Take this test digit {digit}",
    "original": "Test digit",
    "original_caption": "test digit $x$",
    "describe_original": "Test digit {digit}",
    "decoded": "Decoded image",
    "decoded_caption": "mean of $p(x | z)$",
    "describe_decoded": "Decoded image for test digit {digit}. {origin}",
    "untouched": "Every level is as q drew it for this digit: a reconstruction.",
    "touched": "No longer as q drew it: the noise of {levels}.",
    "back": "Back to the digit’s code",
    # One coordinate.
    "slide": "Slide one coordinate:",
    "level": "Level",
    "top_level": "{level}, the top",
    "coordinate": "Coordinate",
    "use": "{coordinate}: {nats} nats on average",
    "noise": "Noise, in prior standard deviations",
    "formula": (
        "Coordinate {coordinate} of {level}: mean + deviation × ε = {mean} + {deviation} × {noise} = {z}."
    ),
    "below": "The levels below keep their noise.",
    # What is kept.
    "kl": "KL of each level for this digit, in nats",
    "kept": "kept, from $q(z | x)$",
    "anew": "drawn anew, from $p$",
    "bars": "KL of each level in nats",
    "describe_bars": "KL of each level for this digit: {levels}.",
    "kept_level": "{level} {nats} nats, kept",
    "anew_level": "{level} {nats} nats, drawn anew",
    "keep": "Keep the levels above",
    "keep_none": "{number}: keep none",
    "keep_all": "{number}: keep all",
    "keep_some": "{number}: keep {levels}",
    "cost": "{kept} of {all} nats kept.",
    "free": "What is drawn from the prior costs nothing.",
    "changed_one": "But {levels} has been changed since q drew it.",
    "changed_many": "But {levels} have been changed since q drew them.",
    # Draws.
    "nothing_anew": "Nothing is drawn anew, so every draw is the decoded image.",
    "nothing_kept": "Nothing is kept: draws from the prior. Press one to see it large.",
    "draws_given_one": (
        "{kept} as in the decoded image, {anew} from the prior given it. Press one to see it large."
    ),
    "draws_given_many": (
        "{kept} as in the decoded image, {anew} from the prior given them. Press one to see it large."
    ),
    "draw": "Draw {number}: make it the decoded image",
    "again": "Draw again",
    # What is said after a press.
    "taken": "Test digit {digit}, with the code that q drew for it.",
    "restored": "Every level is as q drew it.",
    "at_draw": "The decoded image is now draw {number}.",
    "drawn": "New draws.",
}

PICTURE = {
    "alternative": (
        "A test digit, its reconstruction, a bar for the KL of each level, and images that keep the upper "
        "levels of its code while the lower ones are drawn anew."
    ),
    "digit": "Test digit",
    "decoded": "Decoded",
    "draws": "Draws that keep {levels}",
    "draws_of_nothing": "Draws that keep nothing",
    "kl": "KL of each level, nats",
}
