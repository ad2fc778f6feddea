"""What the centre offers."""

from dispatch.wire.people import ServiceView
from registry.centres import current_services
from registry.store import Reading, Writing


def service_views(session: Reading | Writing, centre_id: int) -> list[ServiceView]:
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
            questions_zh=service.questions_zh,
            questions_en=service.questions_en,
        )
        for service in current_services(session, centre_id)
    ]
