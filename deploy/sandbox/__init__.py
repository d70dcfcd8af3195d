"""Sandbox agencies: one process that plays a municipality and the ministries, for demonstrations and tests.

    /municipality/open311/v2/...   /ministry/open311/v2/...   what an agency offers (open311.py)
    /control/...                   what a test or a demonstration does to it (control.py)
    /                              its desk, in a browser (desk.py)

It stands alone: from the assistant's code it imports nothing, and shares with it only the files that say which
services exist (registry.yml, taxonomy.yml). What it has acknowledged is on disk (store.py), faults it is told to have
are in memory (faults.py), and what happens to a case goes back as signed webhooks until they arrive (webhooks.py).

Next to come, each beside open311.py: a ministry spoken to by signed webhook, the public look-up APIs, the token flow.
"""
