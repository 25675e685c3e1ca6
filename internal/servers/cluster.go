package servers

import (
	"fmt"
	"slices"
	"strings"
)

// ClusterMasters is how many masters a Cluster has.
const ClusterMasters = 3

// Cluster starts the masters of a Redis cluster and, behind them in nodes, a
// replica of each. It returns when all of them know each other.
func Cluster(t T) (nodes []*Server) {
	t.Helper()
	var ids []string
	for i := range 2 * ClusterMasters {
		node := Redis(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
			"--cluster-port", Port(FreeAddr(t)), "--cluster-replica-validity-factor", "0", "--repl-ping-replica-period", "1")
		nodes, ids = append(nodes, node), append(ids, RedisText(t, node.Addr, "CLUSTER MYID"))
		if i < ClusterMasters {
			from, to := 16384*i/ClusterMasters, 16384*(i+1)/ClusterMasters-1
			wantOK(t, node.Addr, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", from, to))
		}
		if i > 0 {
			wantOK(t, node.Addr, fmt.Sprintf("CLUSTER MEET 127.0.0.1 %s %s", Port(nodes[0].Addr), busPort(t, nodes[0].Addr)))
		}
	}
	for i, node := range nodes[ClusterMasters:] {
		eventually(t, "a replica knows its master", func() bool {
			reply, err := RedisCommand(node.Addr, "CLUSTER REPLICATE "+ids[i])
			return err == nil && reply == "+OK"
		})
	}
	eventually(t, "the cluster is whole", func() bool {
		return !slices.ContainsFunc(nodes, func(n *Server) bool { return !isWhole(t, n.Addr) })
	})
	return nodes
}

// busPort is where the other nodes reach the one at addr.
func busPort(t T, addr string) string {
	t.Helper()
	_, after, _ := strings.Cut(RedisText(t, addr, "CLUSTER NODES"), "@")
	port, _, _ := strings.Cut(after, " ")
	return port
}

// isWhole reports whether a node sees all slots served, and a replica of each
// master.
func isWhole(t T, addr string) bool {
	t.Helper()
	state := RedisText(t, addr, "CLUSTER INFO")
	peers := RedisText(t, addr, "CLUSTER NODES")
	return strings.Contains(state, "cluster_state:ok") && strings.Contains(state, "cluster_known_nodes:6") &&
		strings.Count(peers, "slave") == ClusterMasters && !strings.Contains(peers, "handshake") && !strings.Contains(peers, "fail")
}

func wantOK(t T, addr, command string) {
	t.Helper()
	if reply, err := RedisCommand(addr, command); reply != "+OK" || err != nil {
		t.Fatalf("%s: got %q, error %v, want +OK", command, reply, err)
	}
}
