"""What a soak found, for reading; and which of its counts are losses."""

from typing import Any

FACTS = frozenset(  # counts that say what happened; every other one has to be 0
    {
        "calls_made",
        "calls_at_the_exchange",
        "calls_kept",
        "calls_answered",
        "emergencies",
        "unanswered",
        "cut_off",
        "calls_ordered",
        "calls_rang",
        "dialled_again",
        "doubled_in_emergencies",
        "orders_sent",
        "buttons",
        "waited_when_a_button_came",
        "gap_calls",
        "gap_to_call_back",
    }
)


def losses(result: dict[str, Any]) -> dict[str, int]:
    """The counts that had to be 0 and are not."""
    return {name: count for name, count in result["counts"].items() if count and name not in FACTS}


def drawn(result: dict[str, Any]) -> str:
    lines = ["", f"{result['run']}, {result['database']}: {result['what']}"]
    counted: dict[str, int] = result["counts"]
    lines += [f"  {_words(name)}: {count:d}" for name, count in counted.items() if name in FACTS]
    bad = losses(result)
    zero = [_words(name) for name in counted if name not in FACTS and name not in bad]
    lines.append(f"  0 each: {', '.join(zero)}")
    lines += [f"  NOT 0: {_words(name)}: {count:d}" for name, count in bad.items()]
    for name, figure in result["times"].items():
        lines.append(f"  {_words(name)}: {_shown(figure)}")
    for name in ("memory_mb", "processors", "processors_quiet", "channels_sampled"):
        if name in result:
            lines.append(f"  {_words(name)}: {_shown(result[name])}")
    return "\n".join(lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{_words(name)} {value}" for name, value in figure.items())
    return str(figure)
