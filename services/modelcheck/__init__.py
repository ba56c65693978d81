"""What a model file says: read in a sandboxed child, judged in the worker.

`reading` (with stl, obj, threemf), `facts`, `tilting`, `checking` and `second_opinion` run in the
child only: they load numpy and its kin. `units`, `fits`, `estimate`, `verdict` and `answer` are
plain Python, and run anywhere.
"""
