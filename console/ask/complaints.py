"""What the service said of single fields, for showing beside them."""

from console.plain import plain
from console.speech import Speech
from dispatch.wire.base import Problem


def complaints(problem: Problem, speech: Speech) -> dict[str, str]:
    """By the field's path (`steps.0.seconds`) what is wrong with it; empty for what no field has to do with."""
    if problem.key == "bad_value":
        return {str(problem.values.get("field", "")): plain(problem.detail.partition(": ")[2] or problem.detail)}
    listed = problem.values.get("problems")
    found: dict[str, str] = {}
    for each in listed if isinstance(listed, list) else []:
        field = str(each.get("field", ""))
        found.setdefault(field, _said(each, speech))
    return found


def _said(each: dict[str, object], speech: Speech) -> str:
    key, values = f"refused.{each.get('key', '')}", each.get("values")
    bounds = values if isinstance(values, dict) else {}
    for bound, than in (("ge", "at_least"), ("gt", "more_than"), ("le", "at_most"), ("lt", "less_than")):
        if bound in bounds:
            return speech.say(f"refused.{than}", bound=bounds[bound])
    if speech.knows(key):
        return speech.say(key)
    return plain(str(each.get("right") or each.get("key") or ""), 120)
