"""`make demo`: two years of an invented lab, made through the services' own rules.

Nothing of the product imports this package; it imports services, models, settings and launch.

    __main__, running     `make demo`: its own environment, its own folder, filled once
    filling, history      the child that fills it: thinks out what happens, then has it performed
    plot, printing, judging, team    what happens when, as a list of acts
    lanes, acts, stage    two processes that tell the services, and what stands in for the clock,
                          the mail server and the worker meanwhile
    terms, cast           the academic year and the opening hours; students and staff
    arrivals, catalogue, flaws, solids, meshfiles, slicing    what is submitted: small real models
"""
