(function (id) {
  var colours = { hit: "#2a9d4a", stale: "#e08a00", miss: "#d33", off: "#888" };
  function add(box, range, label) {
    var r = range.getBoundingClientRect(), colour = colours[label.split(" ")[0]] || "#888";
    if (!r.width && !r.height) return;
    var frame = document.createElement("div"), text = document.createElement("span");
    frame.style.cssText = "position:absolute;box-sizing:border-box;border:1px solid " + colour +
      ";left:" + (r.left + scrollX) + "px;top:" + (r.top + scrollY) + "px;width:" + r.width + "px;height:" + r.height + "px";
    text.style.cssText = "position:absolute;right:0;top:0;font:10px/1.4 sans-serif;padding:0 3px;color:#fff;white-space:nowrap;background:" + colour;
    text.textContent = label;
    frame.appendChild(text);
    box.appendChild(frame);
  }
  function draw() {
    var old = document.getElementById(id), box = document.createElement("div"), begun = {}, node, m;
    if (old) old.remove();
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
})
