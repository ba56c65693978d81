/* The 3D preview: fetches the model's data, and builds the figure that the panel's dcc.Graph shows. Lengths
   are mm; the model stands on z = 0, with its middle above the origin, in the middle of the printer's bed. */
'use strict';

(function () {
  const namespaces = (window.dash_clientside = window.dash_clientside || {});
  const printdesk = (namespaces.printdesk = namespaces.printdesk || {});
  const GRID_MM = 50;

  /** @type {Preview | null} */
  let shown = null;
  /* The number of the latest opening or closing: results of older ones are discarded. */
  let turns = 0;

  /* Called by Dash when a preview is opened (about has its address) or closed (null); returns the text below it,
     which is also the description for screen readers. */
  printdesk.showPreview = async function (about) {
    const turn = ++turns;
    const isOld = () => turn !== turns;
    shown = null;
    if (!about) return '';
    if (!canDraw()) return 'This browser cannot draw in 3D: WebGL is switched off or missing.';
    status('Preparing the preview…');
    const { model, problem } = await load(about.url);
    if (isOld()) return namespaces.no_update;
    if (!model) return problem ?? '';
    if (!document.getElementById(about.graph)) return ''; // closed meanwhile
    shown = { about, model, wireframe: false, edges: true, view: startView(model, about.bed) };
    const edges = document.querySelector('[data-pd-preview="edges"]');
    if (edges) edges.hidden = !model.open_edges.shown;
    draw(shown);
    return describe(model, about);
  };

  /**
   * @param {string} url
   * @returns {Promise<{ model?: Model, problem?: string }>} `problem` is in words
   */
  async function load(url) {
    try {
      const answer = await fetch(url, { credentials: 'same-origin' });
      const said = await answer.json();
      if (!answer.ok) return { problem: said.message || 'The preview could not be loaded.' };
      return said.state === 'ok' ? { model: said } : { problem: 'No preview: ' + said.reason };
    } catch {
      return { problem: 'The preview could not be loaded. Check the connection, and open it again.' };
    }
  }

  document.addEventListener('click', function (event) {
    const button = printdesk.nearest(event, '[data-pd-preview]');
    if (!button || !shown) return;
    const name = button.dataset.pdPreview ?? '';
    if (name === 'wireframe' || name === 'edges') {
      shown[name] = !shown[name];
      button.setAttribute('aria-pressed', String(shown[name]));
    } else {
      shown.view = newView(name); // clicked again, it resets the camera
    }
    draw(shown);
  });

  /* The figure follows the theme's colours. */
  new MutationObserver(function () {
    if (shown) draw(shown);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] });

  /** @param {Preview} now */
  function draw(now) {
    const frame = document.querySelector('.pd-preview-frame');
    if (frame) frame.classList.add('pd-preview-drawn');
    namespaces.set_props(now.about.graph, { figure: figure(now) });
  }

  /** @param {string} words */
  function status(words) {
    const line = document.querySelector('.pd-preview-state');
    if (line) line.textContent = words;
  }

  function canDraw() {
    const canvas = document.createElement('canvas');
    return Boolean(canvas.getContext('webgl2') || canvas.getContext('webgl'));
  }

  /** @param {string} name of a variable of assets/printdesk.css */
  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /**
   * The current camera, which the person may have moved: only Plotly's scene has it. Null if it does not show
   * this view yet.
   * @param {Viewpoint} view
   */
  function cameraOf(view) {
    /** @type {any} */
    const plot = document.querySelector('.pd-preview-frame .js-plotly-plot');
    const drawn = plot && plot._fullLayout;
    const scene = drawn && drawn.uirevision === view.name + view.at && drawn.scene && drawn.scene._scene;
    return scene ? scene.getCamera() : null;
  }

  /** @param {Preview} now */
  function figure(now) {
    const model = now.model;
    const bed = now.about.bed;
    const tooLarge = bed && excess(model.size_mm, bed).length > 0;
    /** @type {object[]} */
    const traces = [mesh(model)];
    if (now.wireframe) traces.push(lines(wires(model.mesh), color('--pd-text'), 1));
    if (now.edges && model.open_edges.shown) traces.push(lines(model.open_edges, '#e01b24', 6));
    if (bed) {
      traces.push(plate(bed), lines(grid(bed), color('--pd-field-border'), 1));
      traces.push(lines(volume(bed), color(tooLarge ? '--pd-bad' : '--pd-muted'), tooLarge ? 4 : 2));
    }
    return { data: traces, layout: layout(now, model, bed) };
  }

  /** @param {Model} model */
  function mesh(model) {
    const lighting = { ambient: 0.5, diffuse: 0.7, specular: 0.15, roughness: 0.6, fresnel: 0.1 };
    return Object.assign({}, model.mesh, {
      type: 'mesh3d',
      color: '#7f9fd4',
      flatshading: true,
      hoverinfo: 'skip',
      lighting: Object.assign(lighting, { facenormalsepsilon: 0, vertexnormalsepsilon: 0 }),
      lightposition: { x: -10000, y: -20000, z: 90000 },
    });
  }

  /**
   * @param {Path} points
   * @param {string} ink
   * @param {number} width in px
   */
  function lines(points, ink, width) {
    const style = { color: ink, width };
    const trace = { type: 'scatter3d', mode: 'lines', hoverinfo: 'skip', showlegend: false, line: style };
    return Object.assign(trace, { x: points.x, y: points.y, z: points.z, connectgaps: false });
  }

  /** @param {Vector} bed */
  function plate(bed) {
    const [x, y] = [bed[0] / 2, bed[1] / 2];
    const corners = { x: [-x, x, x, -x], y: [-y, -y, y, y], z: [0, 0, 0, 0], i: [0, 0], j: [1, 2], k: [2, 3] };
    const look = { color: color('--pd-field-border'), opacity: 0.25, hoverinfo: 'skip', lighting: { ambient: 1 } };
    return Object.assign({ type: 'mesh3d' }, corners, look);
  }

  /** @param {Vector} bed */
  function grid(bed) {
    const [x, y] = [bed[0] / 2, bed[1] / 2];
    const path = emptyPath();
    for (let at = GRID_MM; at < bed[0]; at += GRID_MM) segment(path, [at - x, -y, 0], [at - x, y, 0]);
    for (let at = GRID_MM; at < bed[1]; at += GRID_MM) segment(path, [-x, at - y, 0], [x, at - y, 0]);
    return path;
  }

  /**
   * The twelve edges of the build volume.
   * @param {Vector} bed
   */
  function volume(bed) {
    const [x, y, z] = [bed[0] / 2, bed[1] / 2, bed[2]];
    const path = emptyPath();
    for (const one of [-1, 1]) {
      for (const two of [-1, 1]) {
        segment(path, [-x, one * y, two > 0 ? z : 0], [x, one * y, two > 0 ? z : 0]);
        segment(path, [one * x, -y, two > 0 ? z : 0], [one * x, y, two > 0 ? z : 0]);
        segment(path, [one * x, two * y, 0], [one * x, two * y, z]);
      }
    }
    return path;
  }

  /** @returns {Path} */
  function emptyPath() {
    return { x: [], y: [], z: [] };
  }

  /**
   * A line with a gap after it.
   * @param {Path} path
   * @param {Vector} from
   * @param {Vector} to
   */
  function segment(path, from, to) {
    path.x.push(from[0], to[0], null);
    path.y.push(from[1], to[1], null);
    path.z.push(from[2], to[2], null);
  }

  /**
   * Every edge of the mesh once.
   * @param {Model['mesh']} triangles
   */
  function wires(triangles) {
    const [x, y, z] = [triangles.x, triangles.y, triangles.z].map(floats);
    const [i, j, k] = [triangles.i, triangles.j, triangles.k].map(shorts);
    const drawn = new Set();
    const path = emptyPath();
    for (let face = 0; face < i.length; face++) {
      for (const [a, b] of [[i[face], j[face]], [j[face], k[face]], [k[face], i[face]]]) {
        const key = Math.min(a, b) * 65536 + Math.max(a, b);
        if (drawn.has(key)) continue;
        drawn.add(key);
        segment(path, [x[a], y[a], z[a]], [x[b], y[b], z[b]]);
      }
    }
    return path;
  }

  /** @param {Packed} typed */
  function bytes(typed) {
    return Uint8Array.from(atob(typed.bdata), (sign) => sign.charCodeAt(0)).buffer;
  }

  /** @param {Packed} typed */
  function floats(typed) {
    return new Float32Array(bytes(typed));
  }

  /** @param {Packed} typed */
  function shorts(typed) {
    return new Uint16Array(bytes(typed));
  }

  /**
   * The scene's bounds contain the model and the build volume; aspectmode "data" keeps the proportions.
   * @param {Preview} now
   * @param {Model} model
   * @param {Vector | null} bed
   */
  function layout(now, model, bed) {
    const size = model.size_mm;
    const box = bed || size;
    const width = Math.max(size[0], box[0]) * 1.02;
    const depth = Math.max(size[1], box[1]) * 1.02;
    const height = Math.max(size[2], box[2]) * 1.01;
    const hidden = { visible: false, showspikes: false };
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: 'rgba(0,0,0,0)',
      showlegend: false,
      hovermode: false,
      uirevision: now.view.name + now.view.at,
      scene: {
        aspectmode: 'data',
        dragmode: 'orbit',
        xaxis: Object.assign({ range: [-width / 2, width / 2] }, hidden),
        yaxis: Object.assign({ range: [-depth / 2, depth / 2] }, hidden),
        zaxis: Object.assign({ range: [-height * 0.005, height] }, hidden),
        camera: cameraOf(now.view) || startCamera(now.view, size, [width, depth, height]),
      },
    };
  }

  /**
   * @param {Viewpoint} view
   * @param {Vector} size
   * @param {Vector} scene
   */
  function startCamera(view, size, scene) {
    return camera(view.name === 'model' ? size : scene, scene);
  }

  /**
   * The camera with which an object of this size, standing on the bed, fills the view. Plotly uses its own
   * unit: the scene's sides, divided by their geometric mean.
   * @param {Vector} thing
   * @param {Vector} scene
   */
  function camera(thing, scene) {
    const unit = Math.cbrt(Math.max(scene[0] * scene[1] * scene[2], 1e-9));
    const center = { x: 0, y: 0, z: (thing[2] - scene[2]) / 2 / unit };
    const distance = Math.max((1.25 * Math.hypot(thing[0], thing[1], thing[2])) / unit, 0.02);
    const from = [0.5, -0.72, 0.48];
    return {
      up: { x: 0, y: 0, z: 1 },
      center,
      eye: { x: from[0] * distance, y: from[1] * distance, z: center.z + from[2] * distance },
    };
  }

  /**
   * A small part on a large bed would be a dot: then the view starts at the part.
   * @param {Model} model
   * @param {Vector | null} bed
   */
  function startView(model, bed) {
    const large = bed && Math.max(...model.size_mm) * 1.8 > Math.max(...bed);
    return newView(bed && large ? 'bed' : 'model');
  }

  /** @param {string} name */
  function newView(name) {
    return { name, at: Date.now() };
  }

  /**
   * The directions in which the model is larger than the build volume.
   * @param {Vector} size
   * @param {Vector} bed
   */
  function excess(size, bed) {
    return ['wide', 'deep', 'high'].filter((_, axis) => size[axis] > bed[axis] + 0.01);
  }

  /**
   * @param {Model} model
   * @param {PreviewAbout} about
   */
  function describe(model, about) {
    const size = model.size_mm.map((side) => side.toLocaleString('en', { maximumFractionDigits: 1 }));
    const words = [size.join(' × ') + ' mm, ' + model.triangles.toLocaleString('en') + ' triangles.'];
    if (model.is_simplified) {
      words.push('Shown simplified, with ' + model.shown.toLocaleString('en') + '.');
    }
    if (about.bed) {
      const over = excess(model.size_mm, about.bed);
      words.push(
        over.length
          ? 'As it stands it is too ' + over.join(', too ') + ' for the ' + about.printer + '.'
          : 'As it stands it is inside the build volume of the ' + about.printer + '.'
      );
    }
    const edges = model.open_edges;
    if (edges.count) {
      const part = edges.shown < edges.count ? ', ' + edges.shown.toLocaleString('en') + ' of them' : '';
      const many = edges.count === 1 ? '1 open edge' : edges.count.toLocaleString('en') + ' open edges';
      words.push(many + ' drawn in red' + part + '.');
    }
    return words.join(' ');
  }
})();
