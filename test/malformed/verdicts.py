"""Judges what the server made of a case."""
import re

MS_PER_MB = 50
ALLOWANCE_MS = 150      # for what does not depend on the size, and for a busy machine


def limit_ms(case):
    return ALLOWANCE_MS + MS_PER_MB * len(case.data) / 2**20


def told(outcome):
    """The error without its first words, in which the expected ones might stand by chance."""
    text = "\n".join(outcome[k] for k in ("message", "detail", "hint") if outcome.get(k))
    return re.sub(r'\Acannot read model "[^"]*": ', "", text)


def too_slow(case, outcome):
    return outcome["ms"] > limit_ms(case)


def problems(case, outcome, margins):
    """What is wrong with the outcome of a case, as a list of sentences."""
    found = []
    if outcome.get("crash"):
        return [outcome["crash"]]
    state = outcome["state"]
    if outcome["stage"] != "import" and state != "00000":
        found.append(f"accepted, but then: {outcome['stage']}: {state} {told(outcome)}")
    elif state not in case.expect:
        wanted = " or ".join(sorted(case.expect))
        found.append(f"{state} instead of {wanted}: {told(outcome) or 'accepted'}")
    elif state == "00000":
        found += bad_scores(case, outcome, margins)
    else:
        found += bad_words(case, outcome)
    if outcome.get("stored"):
        found.append("left something in the registry")
    if too_slow(case, outcome):
        found.append(f"took {outcome['ms']:.0f} ms for {len(case.data)} bytes, "
                     f"at most {limit_ms(case):.0f} allowed")
    return found


def numbers(rows):
    """Margins from the server, where NaN and infinities are strings."""
    return [[float(value) for value in row] for row in rows]


def bad_scores(case, outcome, margins):
    """All functions agree with each other, and with what is expected."""
    found = []
    ours = numbers(outcome["margins"])
    if case.like:
        wanted = margins[case.like] if isinstance(case.like, str) else case.like
        if ours != wanted:
            found.append(f"margins {ours}, expected {wanted}")
    if outcome["single"] is not None and repr(numbers(outcome["single"])) != repr(ours):
        found.append(f"risk_margin gives {outcome['single']}, risk_margins {ours}")
    if outcome["single"] is None and len(ours[0]) == 1 and b"multi:" not in case.data:
        found.append("one output, but no risk_margin and risk_score")
    if not outcome["leaves"] and b"gblinear" not in case.data:
        found.append("trees, but no risk_leaves")
    return found + (bad_labels(case, outcome, margins) if case.labels else [])


def bad_labels(case, outcome, margins):
    """Labels score as their codes do; what is none has an SQLSTATE of its own."""
    *known, unknown = outcome["labelled"]
    found = [f"label: {row}" for row in known
             if isinstance(row, str) and (case.like or row not in ("22023", "42804"))]
    if case.like and not found and numbers(known) != margins["labels"]:
        found.append(f"margins {known} by label, expected {margins['labels']}")
    if unknown not in ("22023", "42804") and (case.like or isinstance(unknown, str)):
        found.append(f"unknown label: {unknown}")
    return found


def bad_words(case, outcome):
    """The message must say what the case asks for, where the fault is, and be readable."""
    found = []
    text, message = told(outcome), outcome["message"]
    for word in case.words:
        if not re.search(word, text):
            found.append(f"the error does not say /{word}/: {text}")
    offset = re.search(r"(?:byte|offset)\D{0,12}(\d+)\b", text)
    if case.at and case.words and offset:
        low, high = case.at
        if not low <= int(offset.group(1)) <= high:
            found.append(f"byte offset {offset.group(1)}, the fault is in {low} to {high}")
    if not message or message[0].isspace() or message.endswith(".") or "\ufffd" in text:
        found.append(f"unreadable message: {message!r}")
    return found
