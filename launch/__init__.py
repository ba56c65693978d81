"""Starting Printdesk on one machine: the embedded servers, and the supervisor behind `make run`."""
