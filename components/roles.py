"""Declares the role that a page or a callback needs, with dash-auth.

    @role_callback(Role.STAFF, Output(...), Input(...))
    def begin(...): ...

    @role_page(Role.STAFF, instead=_for_staff_only)
    def layout(**_query: str) -> Component: ...

dash-auth reads `session["user"]["groups"]`, which web/sessions.py writes for each request. If one
of its two fallbacks is missing, it answers nothing and logs the person's e-mail; here both are
always given. Services check the role again, whoever calls them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, NoReturn, ParamSpec, TypeAlias, TypeVar

from dash.development.base_component import Component

from models import Role
from services.actors import missing_role
from services.errors import NotSignedIn


@contextmanager
def _hidden(module: str) -> Iterator[None]:
    """Hides an installed module from imports, unless it is already loaded."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # its import fails from now on
    try:
        yield
    finally:
        del sys.modules[module]


# dash-auth skips its sign-in if Authlib is missing. Loading Authlib takes 9 MB and 0.3 s, and only
# AUTH_MODE=oidc needs it: student_pages/provider_auth.py imports it directly.
with _hidden("dash_auth.oidc_auth"):
    from dash_auth import protected, protected_callback

Params = ParamSpec("Params")
Answer = TypeVar("Answer")
Layout: TypeAlias = Callable[..., Component]


def role_callback(
    role: Role, *dependencies: Any, **options: Any
) -> Callable[[Callable[Params, Answer]], Callable[Params, Answer]]:
    """`dash.callback` for people who have the role. For others it raises NotSignedIn or Forbidden
    before the function runs."""
    declare = protected_callback(
        *dependencies,
        unauthenticated_output=_refuse_stranger,
        missing_permissions_output=partial(_refuse, role),
        groups=[role.value],
        **options,
    )

    def decorate(function: Callable[Params, Answer]) -> Callable[Params, Answer]:
        return wraps(function)(declare(function))

    return decorate


def role_page(
    role: Role, *, instead: Callable[[], Component] | None = None
) -> Callable[[Layout], Layout]:
    """A page's layout for people who have the role; others see `instead`, or get Forbidden if it is
    not given."""
    declare = protected(
        unauthenticated_output=_refuse_stranger,
        missing_permissions_output=instead or partial(_refuse, role),
        groups=[role.value],
    )

    def decorate(layout: Layout) -> Layout:
        declared = declare(lambda query: layout(**query))

        @wraps(layout)
        def show(**query: str) -> Component:
            # Passed as one value, because dash-auth fails on an address with "?output=".
            found: Component = declared(query)
            return found

        return show

    return decorate


def _refuse_stranger() -> NoReturn:
    raise NotSignedIn("You are not signed in.")


def _refuse(role: Role) -> NoReturn:
    raise missing_role(role)
