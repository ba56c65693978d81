"""What the demo's students draw: some forty designs, by who would submit them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from trimesh import Trimesh
from trimesh.transformations import rotation_matrix
from trimesh.util import concatenate

from demo.solids import (
    ball,
    blocks,
    box,
    circle,
    hollow,
    loft,
    mesh_of,
    pipe,
    relief,
    ring,
    tube,
    turned,
    vessel,
    wavy,
)


@dataclass(frozen=True)
class Design:
    """`size`: the longest side people print it at, in mm. `resin`: how many of ten choose resin.
    `names`: what the file is called. `is_thin`: its walls are thinner than a printer can make."""

    key: str
    build: Callable[[], Trimesh]
    names: tuple[str, ...]
    size: tuple[float, float]
    resin: int = 0
    is_thin: bool = False


def _massing() -> Trimesh:
    plots = ((4, 6, 20, 14, 30), (30, 8, 16, 22, 52), (54, 5, 22, 18, 18), (8, 36, 26, 20, 40),
             (46, 34, 28, 24, 26))  # fmt: skip
    houses = [box(width, depth, height, at=(x, y, 3)) for x, y, width, depth, height in plots]
    return concatenate([box(82, 64, 3), *houses])


def _tower() -> Trimesh:
    floors = range(19)
    square = [circle(4, 1 - 0.022 * floor, 0.09 * floor) for floor in floors]
    return loft(square, [0.24 * floor for floor in floors])


def _fluted_tower() -> Trimesh:
    return loft([wavy(32, 6, 0.12, 0.05 * f) * (1 - 0.02 * f) for f in range(16)],
                [0.3 * f for f in range(16)])  # fmt: skip


def _pavilion() -> Trimesh:
    floor = ["#########"] * 7
    posts = [".........", ".#..#..#.", ".........", ".........", ".........", ".#..#..#.",
             "........."]  # fmt: skip
    places = (0, 8, 12, 40, 44, 56, 60, 88, 92, 100)
    return blocks(places, (0, 8, 12, 30, 50, 68, 72, 80), (0, 4, 38, 43), [floor, posts, floor])


def _facade() -> Trimesh:
    wall = ["#" * 9]
    windows = ["#.#.#.#.#"]
    return blocks((0, 6, 18, 24, 36, 42, 54, 60, 72, 78), (0, 5),
                  (0, 8, 22, 30, 44, 52, 66, 74),
                  [wall, windows, wall, windows, wall, windows, wall])  # fmt: skip


def _stair() -> Trimesh:
    steps = 9
    layers = [["." * step + "#" * (steps - step)] for step in range(steps)]
    return blocks([10 * step for step in range(steps + 1)], (0, 30),
                  [7 * step for step in range(steps + 1)], layers)  # fmt: skip


def _rooms() -> Trimesh:
    plan = ["#########", "#...#...#", "#...#...#", "#.......#", "##.######", "#...#...#",
            "#.......#", "#########"]  # fmt: skip
    floor = ["#########"] * 8
    xs = (0, 4, 20, 36, 44, 48, 64, 80, 92, 96)
    return blocks(xs, (0, 4, 22, 40, 52, 56, 76, 92, 96), (0, 3, 27), [floor, plan])


def _dome() -> Trimesh:
    arc = [math.pi / 2 * step / 10 for step in range(11)]
    dome = turned([(0, 0), *((math.cos(a), math.sin(a)) for a in arc)], 32)
    foot = box(2.4, 2.4, 0.12, at=(-1.2, -1.2, -0.12))
    return concatenate([dome, foot])


def _hills() -> Trimesh:
    x, y = np.meshgrid(np.linspace(0, 3, 27), np.linspace(0, 2.4, 27), indexing="ij")
    heights = 0.5 + 0.3 * np.sin(1.7 * x + 0.6) * np.cos(1.3 * y) + 0.12 * np.sin(3.9 * y + x)
    return relief(heights * 0.9, 3, 2.4)


def _terraces() -> Trimesh:
    x, y = np.meshgrid(np.linspace(0, 3, 29), np.linspace(0, 2.4, 29), indexing="ij")
    heights = 0.5 + 0.35 * np.sin(0.9 * x + 0.8) * np.cos(0.8 * y + 0.4)
    return relief(np.maximum(np.floor(heights / 0.12), 1) * 0.11, 3, 2.4)


def _waves() -> Trimesh:
    x, y = np.meshgrid(np.linspace(0, 6, 25), np.linspace(0, 4, 17), indexing="ij")
    return relief(0.35 + 0.18 * np.sin(2 * x) * np.cos(1.5 * y), 4, 2.6)


def _crater() -> Trimesh:
    x, y = np.meshgrid(np.linspace(-2, 2, 24), np.linspace(-2, 2, 24), indexing="ij")
    far = np.hypot(x, y)
    return relief(0.35 + 0.6 * np.exp(-((far - 1) ** 2) * 5) - 0.2 * np.exp(-far * 3), 4, 4)


def _chair() -> Trimesh:
    legs, seat, back = ["#.#", "...", "#.#"], ["###"] * 3, ["...", "...", "###"]
    return blocks((0, 5, 40, 45), (0, 5, 38, 43), (0, 42, 48, 92), [legs, seat, back])


def _table() -> Trimesh:
    legs, top = ["#.#", "...", "#.#"], ["###"] * 3
    return blocks((0, 6, 94, 100), (0, 6, 54, 60), (0, 44, 50), [legs, top])


def _shelf() -> Trimesh:
    board, sides = ["#####"], ["#.#.#"]
    return blocks((0, 3, 30, 33, 60, 63), (0, 22), (0, 3, 25, 28, 50, 53),
                  [board, sides, board, sides, board])  # fmt: skip


def _shade() -> Trimesh:
    outer = [wavy(36, 9, 0.05) * radius for radius in (1.0, 0.92, 0.74, 0.5)]
    return hollow(outer, [o * 0.94 for o in outer], (0, 0.5, 1, 1.5), (0, 0.5, 1, 1.5), floor=False)


def _vase(waves: int, depth: float, twist: float, wall: float) -> Trimesh:
    heights = [0.28 * level for level in range(12)]
    girth = [0.62 + 0.36 * math.sin(0.31 * level) for level in range(12)]
    inside = [wall, *heights[1:]]
    if not waves:
        inner = [(size - wall, height) for size, height in zip(girth, inside, strict=True)]
        return vessel(list(zip(girth, heights, strict=True)), inner, 30)
    outer = [wavy(30, waves, depth, twist * level) * girth[level] for level in range(12)]
    thinner = [outline * (1 - wall / size) for outline, size in zip(outer, girth, strict=True)]
    return hollow(outer, thinner, heights, inside, floor=True)


def _planter() -> Trimesh:
    outer = [circle(6, 0.8), circle(6, 1.0, 0.26), circle(6, 0.94, 0.52)]
    inner = [outline * 0.86 for outline in outer]
    return hollow(outer, inner, (0, 0.7, 1.5), (0.14, 0.7, 1.5), floor=True)


def _bowl() -> Trimesh:
    outer = ((0.4, 0), (0.75, 0.12), (0.95, 0.35), (1.0, 0.62))
    inner = ((0.3, 0.08), (0.66, 0.18), (0.87, 0.38), (0.92, 0.62))
    return vessel(outer, inner, 36)


def _gear(teeth: int) -> Trimesh:
    outline = wavy(teeth * 4, teeth, 0.09)
    bore = [circle(teeth * 4, 0.28)] * 2
    return hollow([outline] * 2, bore, (0, 0.34), (0, 0.34), floor=False)


def _pulley() -> Trimesh:
    return pipe(((1.0, 0), (1.0, 0.12), (0.78, 0.3), (1.0, 0.48), (1.0, 0.6)), 0.26, 36)


def _flange() -> Trimesh:
    return pipe(((1.0, 0), (1.0, 0.16), (0.52, 0.161), (0.5, 0.3), (0.5, 1.1)), 0.4, 32)


def _nut() -> Trimesh:
    return ring(0.5, 0.8, 6)


def _bracket() -> Trimesh:
    """An L with a rectangular cable hole in each leg."""
    foot, gap = ["#######", "###.###", "#######"], ["##.....", "##.....", "##....."]
    hole = ["##.....", ".......", "##....."]
    return blocks((0, 4, 8, 20, 32, 44, 50, 60), (0, 12, 22, 34), (0, 6, 24, 36, 50),
                  [foot, gap, hole, gap])  # fmt: skip


def _enclosure() -> Trimesh:
    floor, wall = ["#####"] * 5, ["#####", "#...#", "#...#", "#...#", "#####"]
    port = ["#####", "#...#", "#...#", "#...#", "##.##"]
    return blocks((0, 3, 30, 46, 77, 80), (0, 3, 20, 34, 51, 54), (0, 3, 10, 18, 30),
                  [floor, wall, port, wall])  # fmt: skip


def _heat_sink() -> Trimesh:
    base, fins = ["#" * 15], ["#." * 7 + "#"]
    return blocks([4 * place for place in range(16)], (0, 48), (0, 6, 34), [base, fins])


def _elbow() -> Trimesh:
    bend = np.linspace(0, math.pi / 2, 15)
    path = np.column_stack((np.cos(bend), np.zeros(15), np.sin(bend))) * 2
    return tube(path, lambda _: 0.5, 18, closed=False)


def _spring() -> Trimesh:
    turn = np.linspace(0, 2 * math.pi * 5, 90)
    path = np.column_stack((np.cos(turn), np.sin(turn), turn * 0.09))
    return tube(path, lambda _: 0.16, 8, closed=False)


def _wing() -> Trimesh:
    station = 0.5 * (1 - np.cos(np.linspace(0, math.pi, 15)))
    half = 0.7 * (0.2969 * np.sqrt(station) - 0.126 * station - 0.3516 * station**2
                  + 0.2843 * station**3 - 0.1015 * station**4)  # fmt: skip
    lower = np.column_stack((station, -half))
    upper = np.column_stack((station, half))[-1:0:-1]
    outline = np.vstack((lower[:-1], upper)) - (0.3, 0)
    return loft([outline, outline * 0.8 + (0.1, 0), outline * 0.5 + (0.3, 0)], (0, 1.2, 2.4))


def _propeller() -> Trimesh:
    blade = loft([circle(12) * (0.34, 0.06), circle(12) * (0.22, 0.04)], (0, 1.0))
    flat = mesh_of(blade.vertices[:, (2, 0, 1)] + (0.1, 0, 0.15), blade.faces)
    hub = turned([(0, 0), (0.26, 0), (0.26, 0.22), (0.12, 0.36), (0, 0.4)], 20)
    turns = [rotation_matrix(2 * math.pi * part / 3, (0, 0, 1)) for part in range(3)]
    return concatenate([hub, *(flat.copy().apply_transform(turn) for turn in turns)])


def _knot(p: int, q: int, thick: float) -> Trimesh:
    t = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    ring = 2 + np.cos(q * t)
    path = np.column_stack((ring * np.cos(p * t), ring * np.sin(p * t), np.sin(q * t)))
    return tube(path, lambda _: thick, 9, closed=True)


def _ring() -> Trimesh:
    t = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    path = np.column_stack((np.cos(t), np.sin(t), 0.12 * np.sin(3 * t)))
    return tube(path, lambda part: 0.16 + 0.07 * math.sin(8 * math.pi * part), 12, closed=True)


def _figure() -> Trimesh:
    body = turned([(0, 0), (0.62, 0), (0.62, 0.14), (0.4, 0.3), (0.3, 0.9), (0.44, 1.3),
                   (0.2, 1.52), (0, 1.56)], 22)  # fmt: skip
    return concatenate([body, ball(0.32, 12, 20).apply_translation((0, 0, 1.78))])


def _pawn() -> Trimesh:
    return turned([(0, 0), (0.6, 0), (0.62, 0.12), (0.45, 0.26), (0.26, 0.5), (0.22, 0.95),
                   (0.4, 1.05), (0.24, 1.12), (0.34, 1.34), (0.3, 1.56), (0, 1.7)], 26)  # fmt: skip


def _king() -> Trimesh:
    body = turned([(0, 0), (0.7, 0), (0.72, 0.14), (0.5, 0.34), (0.32, 0.7), (0.28, 1.5),
                   (0.5, 1.62), (0.34, 1.7), (0.46, 2.2), (0, 2.3)], 26)  # fmt: skip
    upright = box(0.1, 0.1, 0.4, at=(-0.05, -0.05, 2.28))
    across = box(0.3, 0.1, 0.1, at=(-0.15, -0.05, 2.46))
    return concatenate([body, upright, across])


def _castle() -> Trimesh:
    floor, wall = ["#######"] * 7, ["#######", *["#.....#"] * 5, "#######"]
    teeth = ["#.#.#.#", ".......", "#.....#", ".......", "#.....#", ".......", "#.#.#.#"]
    places = [6 * place for place in range(8)]
    return blocks(places, places, (0, 4, 30, 36), [floor, wall, teeth])


def _phone_stand() -> Trimesh:
    foot, lip, rest = ["#####"], ["#...#"], ["....#"]
    return blocks((0, 5, 12, 40, 62, 70), (0, 60), (0, 6, 16, 74), [foot, lip, rest])


def _die() -> Trimesh:
    return concatenate([ball(0.66, 14, 20), box(1, 1, 1, at=(-0.5, -0.5, -0.5))])


def _keychain() -> Trimesh:
    tag = box(3, 1, 0.16, at=(0.4, -0.5, 0))
    return concatenate([ring(0.3, 0.3, 24).apply_scale(0.5), tag])


def _coaster() -> Trimesh:
    outer = [wavy(40, 8, 0.06)] * 3
    return hollow(outer, [o * 0.9 for o in outer], (0, 0.04, 0.09), (0.05, 0.07, 0.09), floor=True)


def _beam() -> Trimesh:
    flange, web = ["###"], [".#."]
    return blocks((0, 22, 28, 50), (0, 140), (0, 6, 54, 60), [flange, web, flange])


def _truss() -> Trimesh:
    bars = ["###########", "#.#.#.#.#.#", "###########"]
    places = [0, 4, 16, 20, 32, 36, 48, 52, 64, 68, 80, 84]
    return blocks(places, (0, 4, 16, 20), (0, 4), [bars])


def _arch() -> Trimesh:
    bend = np.linspace(0, math.pi, 21)
    path = np.column_stack((2 * np.cos(bend), np.zeros(21), 2 * np.sin(bend)))
    return tube(path, lambda _: 0.3, 4, closed=False, beside=(0, 1, 0))


BUILDING = (
    Design("massing", _massing, ("massing model", "site_model_A", "Block study"), (110, 240)),
    Design("tower", _tower, ("Tower twist", "highrise v2", "tower_1-500"), (90, 210)),
    Design("fluted-tower", _fluted_tower, ("fluted tower", "Highrise_option_B"), (90, 200)),
    Design("pavilion", _pavilion, ("Pavilion", "pavilion_final", "bus stop study"), (90, 200)),
    Design("facade", _facade, ("facade panel", "Fassade 03", "wall_section"), (90, 190)),
    Design("stair", _stair, ("stair core", "Treppe", "stairs 1-50"), (70, 160)),
    Design("rooms", _rooms, ("floor plan L2", "apartment_plan", "House section"), (110, 230)),
    Design("dome", _dome, ("dome", "observatory", "Cúpula"), (70, 180)),
    Design("arch", _arch, ("Bogen", "arch bridge", "footbridge_study"), (80, 190)),
)
GROUND = (
    Design("hills", _hills, ("terrain", "site topo", "Topography_final"), (120, 250)),
    Design("terraces", _terraces, ("terraced site", "contours_2ft"), (120, 240)),
    Design("crater", _crater, ("retention pond", "landform B", "earthwork"), (100, 200)),
    Design("waves", _waves, ("dune study", "wave panel", "Relief"), (90, 190)),
)
FURNITURE = (
    Design("chair", _chair, ("chair 1-10", "Stuhl", "chair_prototype"), (60, 130)),
    Design("table", _table, ("table", "desk_v4"), (70, 160)),
    Design("shelf", _shelf, ("shelf unit", "bookcase"), (70, 150)),
    Design("shade", _shade, ("lamp shade", "Lampenschirm", "pendant_lamp"), (90, 180)),
    Design("vase", lambda: _vase(0, 0, 0, 0.07), ("vase", "Vase 02", "花瓶"), (90, 190)),
)
MACHINES = (
    Design("gear", lambda: _gear(18), ("gear", "spur_gear_18T", "Zahnrad"), (40, 110), 3),
    Design("gear-small", lambda: _gear(12), ("pinion", "gear12", "шестерня"), (25, 70), 5),
    Design("pulley", _pulley, ("pulley GT2", "belt wheel"), (35, 90)),
    Design("flange", _flange, ("flange", "pipe adapter", "duct_coupler"), (50, 130)),
    Design("nut", _nut, ("M20 nut", "knob insert"), (20, 50), 5),
    Design("bracket", _bracket, ("bracket", "sensor mount", "L_bracket_rev3"), (50, 130)),
    Design("enclosure", _enclosure, ("enclosure", "Arduino case", "PCB box bottom"), (80, 160)),
    Design("heat-sink", _heat_sink, ("heat sink", "fin_array"), (45, 110)),
    Design("elbow", _elbow, ("elbow", "intake_pipe", "air duct"), (60, 150)),
    Design("spring", _spring, ("spring", "coil test"), (40, 90), 6),
    Design("wing", _wing, ("wing section", "NACA profile", "turbine blade"), (100, 200)),
    Design("propeller", _propeller, ("propeller", "fan rotor", "impeller_v7"), (60, 140), 4),
    Design("beam", _beam, ("test beam", "I-beam coupon"), (90, 170)),
    Design("truss", _truss, ("truss", "bridge_truss_03"), (90, 200)),
)
SCULPTURE = (
    Design("knot", lambda: _knot(2, 3, 0.42), ("knot", "Endless", "trefoil"), (60, 150), 5),
    Design("knot-long", lambda: _knot(2, 5, 0.3), ("Loop sculpture", "cinquefoil"), (70, 150), 5),
    Design("ring", _ring, ("ring", "bracelet", "Anillo"), (22, 70), 8),
    Design("figure", _figure, ("figure", "maquette", "Figur klein"), (40, 120), 8),
    Design("twist", lambda: _vase(5, 0.14, 0.12, 0.08), ("twisted vase", "Vessel III"), (90, 200)),
    Design("bowl", _bowl, ("bowl", "Schale", "お椀"), (80, 180)),
    Design(
        "veil", lambda: _vase(7, 0.1, 0.08, 0.006), ("veil", "paper vase", "thin shell"),
        (80, 150), 1, is_thin=True,
    ),
)  # fmt: skip
TOYS = (
    Design("pawn", _pawn, ("pawn", "chess pawn x1", "Bauer"), (28, 70), 6),
    Design("king", _king, ("king", "chess_king"), (45, 100), 6),
    Design("castle", _castle, ("castle", "dice tower top"), (60, 130)),
    Design("phone-stand", _phone_stand, ("phone stand", "soporte móvil"), (75, 120)),
    Design("die", _die, ("rounded die", "D6"), (18, 40), 7),
    Design("keychain", _keychain, ("keychain", "name tag", "luggage tag"), (45, 80)),
    Design("coaster", _coaster, ("coaster", "подставка"), (85, 105)),
    Design("planter", _planter, ("planter", "succulent pot", "Blumentopf"), (70, 150)),
)
EVERYTHING = BUILDING + GROUND + FURNITURE + MACHINES + SCULPTURE + TOYS
DESIGNS = {design.key: design for design in EVERYTHING}

# By words of the discipline's name, so that another lab's list works too.
_TASTES = (
    ("landscape", GROUND + BUILDING[:1]),
    ("interior", FURNITURE + BUILDING[3:7]),
    ("architect", BUILDING + GROUND[:2]),
    ("engineer", MACHINES),
    ("art", SCULPTURE + FURNITURE[3:]),
    ("hobby", TOYS + SCULPTURE[:3]),
)


def designs_of(discipline: str) -> tuple[Design, ...]:
    """What somebody of that discipline draws."""
    name = discipline.lower()
    return next((designs for word, designs in _TASTES if word in name), EVERYTHING)


@cache
def shape(key: str) -> Trimesh:
    """A design with a longest side of 1, standing on the ground. Change a copy."""
    mesh = DESIGNS[key].build()
    return mesh.apply_translation(-mesh.bounds[0]).apply_scale(1 / mesh.extents.max())
