"""Pages for people without an account, and the sign-in page: plain Flask and Jinja.

They are not Dash pages, so that no Dash callback is public, a forged link is answered with 404 and
an expired one with 410, and a phone on a slow network loads a few kilobytes.
"""
