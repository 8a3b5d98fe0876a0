{{- define "strongroom.labels" -}}
app.kubernetes.io/name: strongroom
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "strongroom.selector" -}}
app.kubernetes.io/name: strongroom
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "strongroom.image" -}}
{{- $image := .root.Values.image -}}
{{- $version := printf ":%s" ($image.tag | default .root.Chart.AppVersion) -}}
{{- with index $image.digests .name }}{{ $version = printf "@%s" . }}{{ end -}}
{{ $image.registry }}/{{ .name }}{{ $version }}
{{- end }}

{{- define "strongroom.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {name: {{ . }}}
  {{- end }}
{{- end }}
{{- end }}

{{/* What Pod Security `restricted` asks of a pod. */}}
{{- define "strongroom.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "strongroom.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "strongroom.livenessProbes" -}}
startupProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 10
  failureThreshold: 3
{{- end }}

{{- define "strongroom.readinessProbe" -}}
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 2
  failureThreshold: 2
{{- end }}

{{/* Spreads the replicas of one component over nodes where there are several. */}}
{{- define "strongroom.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "strongroom.selector" . | nindent 8 }}
{{- end }}

{{- define "strongroom.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "strongroom.ingressMetrics" -}}
{{- with .Values.networkPolicies.metricsNamespaces -}}
- ports: [{port: 9090, protocol: TCP}]
  from:
    {{- range . }}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . }}}}
    {{- end }}
{{- end }}
{{- end }}

{{- define "strongroom.egressDns" -}}
- ports:
    {{- range .Values.networkPolicies.dnsPorts }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{- define "strongroom.egressApiServer" -}}
- ports:
    {{- range .Values.networkPolicies.apiServer.ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicies.apiServer.cidrs }}
  to:
    {{- range . }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  {{- end }}
{{- end }}

{{/* Admits the pods of one system priority class, where a cluster limits that class to namespaces with such a quota. */}}
{{- define "strongroom.priorityQuota" -}}
apiVersion: v1
kind: ResourceQuota
metadata:
  name: strongroom-{{ .class }}
  namespace: {{ .namespace }}
  labels:
    {{- include "strongroom.labels" .root | nindent 4 }}
spec:
  hard: {pods: "100000"}
  scopeSelector:
    matchExpressions:
      - {scopeName: PriorityClass, operator: In, values: [{{ .class }}]}
{{- end }}

{{- define "strongroom.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}
