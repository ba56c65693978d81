"""Pages for people without an account, and the sign-in page: plain Flask and Jinja.

They are not Dash pages, so that no Dash callback is open to strangers, a forged link answers 404
and an expired one 410, and a phone on a slow network loads a few kilobytes.
"""
