"""What was measured, for reading: one line for each figure and database, beside its aim."""

from typing import Any

AIMS: dict[str, dict[str, float]] = {  # below these
    "card_above_callback": {"p50_ms": 30, "p99_ms": 100},
    "candidates_over_http": {"p99_ms": 20},
    "candidates_in_process": {"p99_ms": 20},
    "service_memory_mb": {"highest": 250},
}
TIMES = {
    "bare_callback": "a bare panoramisk callback hears of the call",
    "card": "the card is at a client of the event stream",
    "card_above_callback": "the card, above the bare callback",
    "card_opened": "the whole card, opened over HTTP",
    "candidates_over_http": "candidates of a case, over HTTP",
    "candidates_in_process": "candidates of a case, in process",
}
WIDTH = max(map(len, TIMES.values()))


def drawn(result: dict[str, Any]) -> str:
    machine, county, load = result["machine"], result["county"], result["load"]
    lines = [
        "",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_mb']} MB; {machine['system']}, "
        f"Python {machine['python']}, {machine['asterisk']}; commit {machine['commit']}",
        f"{county['residents']} residents, {county['merchants']} merchants; {load['cases']} cases; "
        f"{load['calls_per_second']} calls a second for {load['seconds']} s, timed from the exchange's own stamp",
        "",
        f"{'milliseconds':{WIDTH}}  {'database':10} {'count':>6} {'p50':>8} {'p99':>8} {'max':>8}",
    ]
    for name, words in TIMES.items():
        for kind, figures in result["figures"].items():
            spread = figures[name]
            shown = "".join(f" {spread.get(f'{each}_ms', '-'):>8}" for each in ("p50", "p99", "max"))
            lines.append(f"{words:{WIDTH}}  {kind:10} {spread['count']:>6}{shown}  {_verdict(name, spread)}".rstrip())
    lines.append("")
    for kind, figures in result["figures"].items():
        memory, calls = figures["service_memory_mb"], figures["calls"]
        lines += [
            f"{kind}: {calls['made']} calls made, {calls['missing']} missing in the database; "
            f"{calls['cards_seen']} cards seen by the client, {calls['heard_by_the_callback']} heard by the callback",
            f"{kind}: the service holds {memory['now']} MB, at most {memory['highest']} MB  "
            f"{_verdict('service_memory_mb', memory)}",
            f"{kind}: the machine's load before was {figures['machine_load_before']}",
        ]
    return "\n".join(lines)


def _verdict(name: str, measured: dict[str, float]) -> str:
    aims = AIMS.get(name)
    if aims is None:
        return ""
    wanted = ", ".join(f"{key.removesuffix('_ms')} < {most:g}" for key, most in aims.items())
    met = all(measured.get(key, float("inf")) < most for key, most in aims.items())
    return f"{'met' if met else 'MISSED'} ({wanted})"
