"""Registers all routes of the API."""

from apiflask import APIFlask

from api import (
    actions,
    admin,
    auth,
    docs,
    health,
    jobs,
    news,
    openapi,
    people,
    pictures,
    reading,
    stats,
    student,
)

PREFIX = "/api/v1"


def init(app: APIFlask) -> None:
    app.before_request(reading.check_request)
    for module in (health, auth, student, jobs, news, pictures, people, admin, stats, docs):
        app.register_blueprint(module.bp, url_prefix=PREFIX)
    app.register_blueprint(actions.blueprint(), url_prefix=PREFIX)
    app.add_url_rule(
        "/api/<path:path>",
        reading.CATCH_ALL,
        reading.refuse_unknown_route,
        methods=reading.METHODS,
    )
    openapi.init(app)
