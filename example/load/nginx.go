package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pongocache/pongocache/internal/servers"
)

// nginxConfig makes nginx one process, which does as it is told: a page that a
// site fails to answer is not asked of another one.
const nginxConfig = `daemon off;
master_process off;
pid FOLDER/pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path FOLDER/body;
	proxy_temp_path FOLDER/proxy;
	fastcgi_temp_path FOLDER/fastcgi;
	uwsgi_temp_path FOLDER/uwsgi;
	scgi_temp_path FOLDER/scgi;
	keepalive_requests 1000000;
	upstream site {
		SITES
		keepalive 256;
		keepalive_requests 1000000;
	}
	server {
		listen ADDR backlog=2048;
		location / {
			proxy_pass http://site;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_next_upstream off;
		}
	}
}
`

// startNginx starts nginx before the sites at addrs, who take turns.
func startNginx(w *world, addrs []string) *servers.Server {
	servers.Require(w, "nginx", "nginx-light")
	folder, addr := w.TempDir(), servers.FreeAddr(w)
	var sites strings.Builder
	for _, site := range addrs {
		fmt.Fprintf(&sites, "server %s max_fails=0; ", site)
	}
	text := strings.NewReplacer("FOLDER", folder, "ADDR", addr, "SITES", sites.String()).Replace(nginxConfig)
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return servers.Start(w, addr, nil, "nginx", "-p", folder, "-c", file)
}
