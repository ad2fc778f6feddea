"""Who could come: without a case, and looking back at one."""
