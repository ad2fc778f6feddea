"""What an import or export says to whoever runs it, in her language."""

from collections.abc import Iterator
from typing import Any

from dispatch.wire.catalogue import Catalogue
from registry.errors import SheetRefused
from registry.sheets.headings import Column
from registry.sheets.record import Finding, Outcome
from registry.sheets.review import Review

_COLUMN_OF = {"area_id": "area", "usual_merchants": "usual"}


class SheetWords:
    """The sentences about sheets with these columns."""

    def __init__(self, language: str, columns: tuple[Column, ...] = ()) -> None:
        self._catalogue = Catalogue("registry", language)
        self.language = self._catalogue.language
        offset = int(self._catalogue.language == "en")
        self._headings = {column.key: column.heading(self._catalogue.language) for column in columns}
        self._choices = {column.key: list(dict.fromkeys(column.words[offset::2])) for column in columns}

    def say(self, key: str, **values: Any) -> str:
        said = {name: self._listed(value) if isinstance(value, list) else value for name, value in values.items()}
        return self._catalogue.say(f"sheet.{key}", **said)

    def refused(self, refused: SheetRefused) -> str:
        column = self._headings.get(str(refused.values.get("column")), "")
        return self.say(f"file.{refused.why}", **refused.values | {"column": column})

    def finding(self, finding: Finding, written: dict[str, str]) -> str:
        """第5行“出生日期”：1939年2月只有28天。"""
        said = self.say(finding.key, **finding.values | self._offered(finding))
        if not finding.column:
            return self.say("row", row=finding.row, said=said)
        return self.say("cell", row=finding.row, column=self.heading(finding.column, written), said=said)

    def _offered(self, finding: Finding) -> dict[str, Any]:
        """What would be right in her language."""
        match finding.key:
            case "not_one_of":
                return {"choices": self._choices.get(finding.column, [])}
            case "service_unknown":
                return {"choices": finding.values[self.language]}
            case _:
                return {}

    def heading(self, key: str, written: dict[str, str]) -> str:
        """As it stands in the file, else as it would."""
        return written.get(key) or self._headings.get(key, key)

    def field(self, name: str) -> str:
        known = self._catalogue.knows(f"sheet.field.{name}")
        return self.say(f"field.{name}") if known else self._headings.get(_COLUMN_OF.get(name, name), name)

    def report(self, review: Review) -> Iterator[str]:
        """The lines of a dry run: findings first, the counts last."""
        for row, subject_id, fields in review.changed:
            named = [self.field(name) for name in fields]
            yield self.say("row", row=row, said=self.say("changes", id=subject_id, fields=named))
        for finding in (*review.remarks, *review.findings):
            yield self.finding(finding, review.written)
        if review.unread:
            yield self.say("unread", headings=list(review.unread))
        yield self.counts(review)

    def counts(self, review: Review) -> str:
        return self.say("counts", rows=review.rows, **{each.value: review.counts[each] for each in Outcome})

    def _listed(self, values: list[Any]) -> str:
        return ("、" if self._catalogue.language == "zh" else ", ").join(map(str, values))


def facts(review: Review, words: SheetWords) -> dict[str, Any]:
    """A dry run for programs."""
    return {
        "rows": review.rows,
        "counts": {outcome.value: review.counts[outcome] for outcome in Outcome},
        "changed": [
            {"row": row, "id": subject_id, "fields": list(fields)} for row, subject_id, fields in review.changed
        ],
        "findings": [_finding(each, review, words) for each in review.findings],
        "remarks": [_finding(each, review, words) for each in review.remarks],
        "unread": list(review.unread),
    }


def _finding(finding: Finding, review: Review, words: SheetWords) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": words.heading(finding.column, review.written) if finding.column else None,
        "key": finding.key,
        "values": finding.values,
        "says": words.finding(finding, review.written),
    }
