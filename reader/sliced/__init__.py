"""What a sliced file says of its print: weight, time, filament, printer.

Reading is bounded, whatever the file claims to hold: of a text the first and last 64 KB, of a
binary G-code the blocks before the moves, of an archive two small parts. It is parsed all the same
(zip, XML, JSON, deflate), so `asking` has it done in the sandbox, once for each version of a file.
"""
