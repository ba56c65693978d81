"""What several tests need: real servers, a real mail server, a started Printdesk, a browser."""
