(function (id) {
  var colours = { hit: "#1d7a37", stale: "#a85f00", miss: "#c02626", off: "#666" }, frames = [], shown;
  // A label leaves what it stands on legible, and is whole where the pointer is.
  function open(f, whole) {
    var page = document.documentElement.clientWidth, x = f.left - scrollX, left = x < page / 2, room = (left ? page - x : x + f.width) - 8;
    f.text.style.maxWidth = whole ? room + "px" : Math.max(48, f.width * 0.6) + "px";
    f.text.style.whiteSpace = whole ? "normal" : "nowrap";
    f.text.style.width = whole ? "max-content" : "auto";
    f.text.style.left = whole && left ? "0" : "auto";
    f.text.style.right = whole && left ? "auto" : "0";
    f.frame.style.zIndex = whole ? 1 : 0;
  }
  function add(box, range, label) {
    var r = range.getBoundingClientRect(), colour = colours[label.split(" ")[0]] || "#666";
    if (!r.width && !r.height) return;
    var f = { left: r.left + scrollX, top: r.top + scrollY, width: r.width, height: r.height };
    f.frame = document.createElement("div");
    f.text = document.createElement("span");
    f.frame.style.cssText = "position:absolute;box-sizing:border-box;border:1px solid " + colour +
      ";left:" + f.left + "px;top:" + f.top + "px;width:" + f.width + "px;height:" + f.height + "px";
    f.text.style.cssText = "position:absolute;top:0;box-sizing:border-box;font:10px/1.4 sans-serif;padding:0 3px;color:#fff;" +
      "text-align:left;overflow:hidden;text-overflow:ellipsis;background:" + colour;
    f.text.textContent = label;
    open(f, false);
    f.frame.appendChild(f.text);
    box.appendChild(f.frame);
    frames.push(f);
  }
  function point(e) {
    var at = null;
    frames.forEach(function (f) {
      if (e.pageX >= f.left && e.pageX < f.left + f.width && e.pageY >= f.top && e.pageY < f.top + f.height) at = f;
    });
    if (at === shown) return;
    if (shown) open(shown, false);
    if (at) open(at, true);
    shown = at;
  }
  function draw() {
    var old = document.getElementById(id), box = document.createElement("div"), begun = {}, node, m;
    if (old) old.remove();
    frames = [];
    shown = null;
    box.id = id;
    box.style.cssText = "position:absolute;left:0;top:0;width:0;height:0;z-index:2147483647;pointer-events:none";
    var walk = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
    while ((node = walk.nextNode())) {
      if ((m = node.data.match(/^(\/?)(\w+) (\d+) ?([^]*)$/)) && m[2] === id) {
        if (!m[1]) begun[m[3]] = { node: node, label: m[4] };
        else if (begun[m[3]]) {
          var range = document.createRange();
          range.setStartAfter(begun[m[3]].node);
          range.setEndBefore(node);
          add(box, range, begun[m[3]].label);
        }
      }
    }
    document.body.appendChild(box);
  }
  if (document.readyState === "complete") draw(); else addEventListener("load", draw);
  addEventListener("resize", draw);
  addEventListener("mousemove", point);
})
