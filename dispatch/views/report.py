"""A report, written."""

from dispatch.report import Report
from dispatch.views.desk import merchant_lines
from dispatch.wire.report import AreaFigures, FiguresView, MerchantFigures, ReportView
from registry.store import Reading


def report_view(session: Reading, found: Report) -> ReportView:
    lines = merchant_lines(session, (each.merchant.id for each in found.merchants))
    return ReportView(
        area=found.top.code,
        name=found.top.name,
        first=found.first,
        last=found.last,
        total=FiguresView(**found.total._asdict()),
        lines=[
            AreaFigures(
                area=line.area.code if line.area is not None else None,
                name=line.area.name if line.area is not None else None,
                **line.figures._asdict(),
            )
            for line in found.lines
        ],
        merchants=[
            MerchantFigures(merchant=lines[each.merchant.id or 0], points=each.points, **each.record._asdict())
            for each in found.merchants
        ],
    )
