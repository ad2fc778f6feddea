"""The database's history: one revision for each change of the tables, applied in order by `dispatch.migrate`.

There is no way back but the backup: a revision has no `downgrade`.
"""
