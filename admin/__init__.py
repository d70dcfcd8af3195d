"""The civil servants' panel: server-rendered pages at /admin, with htmx for the live parts.

auth/       who may come in: accounts, sign-in, sessions, CSRF, roles, the audit log
workspace/  the officers' desk: case list, case page, answer, moves, deliveries, conversations that wait
system/     what only administrators see: registered models, accounts
app.py      hangs all of it, its pages, its files and its error pages on the services app

Later parts get packages of their own beside these: training/ (the model workshop) and insights/.
"""
