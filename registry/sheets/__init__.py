"""People and merchants in and out of spreadsheets: Excel and CSV as communities really keep them.

A file is read (`source`, `headings`, `cells`), compared with the register (`review`), staged and applied (`runs`),
and written again (`export`). Residents, merchants and contracts are one `SheetKind` each.
"""
