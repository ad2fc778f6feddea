import logging

import structlog

from tests.errorlog import ErrorLog


def test_an_error_of_either_kind_of_logger_is_seen(error_log: ErrorLog) -> None:
    structlog.get_logger().error("structured.error", call=7)
    logging.getLogger("some.library").error("plain %s", "error")
    structlog.get_logger().warning("only.warned")
    assert error_log.unexpected == ["structured.error", "plain error"]
    error_log.expect("structured.error")
    error_log.expect("plain error")


def test_an_error_is_seen_after_the_program_configured_its_own_logging(error_log: ErrorLog) -> None:
    structlog.configure(processors=[structlog.processors.JSONRenderer()], cache_logger_on_first_use=True)
    structlog.get_logger().critical("late.error")
    assert error_log.unexpected == ["late.error"]
    error_log.expect("late.error")


def test_an_expected_error_must_come(error_log: ErrorLog) -> None:
    error_log.expect("announced")
    assert error_log.missing == {"announced"}
    structlog.get_logger().error("announced")
    assert not error_log.missing
    assert not error_log.unexpected


def test_an_error_of_a_library_is_seen_after_the_program_replaced_the_handlers(error_log: ErrorLog) -> None:
    logging.getLogger().handlers = [logging.NullHandler()]
    logging.getLogger("some.library").error("late")
    assert error_log.unexpected == ["late"]
    error_log.expect("late")
