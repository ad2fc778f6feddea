"""The stories that can be told, by name."""

from dispatch.rehearsal.stories import busy, crash, declined, emergency, incident, late, main, race, survey
from dispatch.rehearsal.story import Step

STORIES: dict[str, list[Step]] = {
    "main": main.STEPS,
    "crash": crash.STEPS,
    "busy": busy.STEPS,
    "emergency": emergency.STEPS,
    "survey": survey.STEPS,
    "declined": declined.STEPS,
    "race": race.STEPS,
    "late": late.STEPS,
    "incident": incident.STEPS,
}
