"""What the centre offers."""

from collections.abc import Sequence

from dispatch.views.desk import operator_lines
from dispatch.wire.people import ServiceView
from registry.models import Service
from registry.store import Reading, Writing


def service_views(session: Reading | Writing, services: Sequence[Service]) -> list[ServiceView]:
    authors = operator_lines(session, (service.author_id for service in services))
    return [
        ServiceView(
            code=service.code,
            name_zh=service.name_zh,
            name_en=service.name_en,
            keypad_digit=service.keypad_digit,
            priority=service.priority.value,
            merchant_kinds=service.merchant_kinds,
            needs_visit=service.needs_visit,
            accept_minutes=service.accept_minutes,
            arrive_minutes=service.arrive_minutes,
            finish_minutes=service.finish_minutes,
            proof=service.proof.value,
            version=service.version,
            valid_from=service.valid_from,
            author=authors[service.author_id].name if service.author_id in authors else "",
            questions_zh=service.questions_zh,
            questions_en=service.questions_en,
        )
        for service in services
    ]
