//! What a bare cluster needs besides its daemons: DNS and storage classes.

use serde_json::{Value, json};

use super::{network::IpFamily, volumes};

/// The namespace of the cluster's DNS.
pub const DNS_NAMESPACE: &str = "kube-system";
/// The Deployment of the cluster's DNS.
pub const DNS_DEPLOYMENT: &str = "coredns";

/// Two blocks, since `template` in the first would answer before `kubernetes`. An unknown name gets
/// NXDOMAIN at once: a time-out would look like a broken network.
const COREFILE: &str = "\
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
}
.:53 {
    template ANY ANY {
        rcode NXDOMAIN
    }
}
";

/// Every object, in the order in which they are applied.
pub fn objects(dns_image: &str, family: IpFamily) -> Vec<Value> {
    let mut objects = volumes::classes();
    objects.extend([
        account(),
        role(),
        binding(),
        config(),
        service(family),
        deployment(dns_image),
    ]);
    objects
}

fn account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "coredns", "namespace": DNS_NAMESPACE}})
}

fn role() -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "coredns"},
    "rules": [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]})
}

fn binding() -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "coredns"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": DNS_NAMESPACE}]})
}

fn config() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "coredns", "namespace": DNS_NAMESPACE},
        "data": {"Corefile": COREFILE}})
}

fn service(family: IpFamily) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": DNS_NAMESPACE},
    "spec": {"clusterIP": family.dns_service(), "selector": {"k8s-app": "kube-dns"}, "ports": [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]}})
}

fn deployment(image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": DNS_DEPLOYMENT, "namespace": DNS_NAMESPACE},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"k8s-app": "kube-dns"}}, "template": {
        "metadata": {"labels": {"k8s-app": "kube-dns"}},
        "spec": {
            "serviceAccountName": "coredns",
            "priorityClassName": "system-cluster-critical",
            "tolerations": [{"operator": "Exists"}],
            "dnsPolicy": "Default",
            "containers": [{
                "name": "coredns", "image": image, "imagePullPolicy": "Never",
                "args": ["-conf", "/etc/coredns/Corefile"],
                "securityContext": {"runAsUser": 0},
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
                "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
            }],
            "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
        },
    }}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_names_its_kind_and_itself() {
        for object in objects("image", IpFamily::Ipv4) {
            assert!(
                object["kind"].is_string() && object["metadata"]["name"].is_string(),
                "{object}"
            );
        }
    }

    #[test]
    fn exactly_one_class_is_the_default() {
        let default = |class: &&Value| {
            class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
        };
        assert_eq!(volumes::classes().iter().filter(default).count(), 1);
    }
}
