{{/* Every name begins with the release's. */}}
{{- define "tideline.fullname" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* (dict "root" $ "component" "mysql"): what finds the pods of a component; never changes in the life of a release. */}}
{{- define "tideline.selector" -}}
app.kubernetes.io/name: tideline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "tideline.labels" -}}
{{ include "tideline.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "tideline.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "tideline.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "tideline.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* (dict "root" $ "component" "mysql" "user" 999): what all pods have in common. */}}
{{- define "tideline.pod" -}}
serviceAccountName: {{ include "tideline.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.scheduling.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.scheduling.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ .root.Values.scheduling.topologyKey }}
    whenUnsatisfiable: {{ .root.Values.scheduling.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "tideline.selector" . | nindent 8 }}
{{- end }}

{{- define "tideline.container" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* (dict "root" $ "keys" (list "mysql-password")): the keys of the secret as files of /run/secrets/tideline. */}}
{{- define "tideline.secretVolume" -}}
name: secrets
secret:
  secretName: {{ .root.Values.secret }}
  defaultMode: 0440
  items:
    {{- range .keys }}
    - { key: {{ . }}, path: {{ . }} }
    {{- end }}
{{- end }}

{{/* (dict "root" $ "component" "kafka" "port" 9093 "numbered" true): the three members of an engine, as in 0@…:9093,1@…:9093,2@…:9093. */}}
{{- define "tideline.members" -}}
{{- $name := printf "%s-%s" (include "tideline.fullname" .root) .component -}}
{{- range $n := until 3 -}}
{{- if $n }},{{ end }}{{ if $.numbered }}{{ $n }}@{{ end }}{{ $name }}-{{ $n }}.{{ $name }}:{{ $.port }}
{{- end -}}
{{- end }}

{{/* What the service is called inside the cluster, and what else the values list. */}}
{{- define "tideline.hosts" -}}
{{- $name := include "tideline.fullname" . -}}
{{- $name }},{{ $name }}.{{ .Release.Namespace }},{{ $name }}.{{ .Release.Namespace }}.svc,{{ $name }}.{{ .Release.Namespace }}.svc.cluster.local
{{- range .Values.nodes.hosts }},{{ . }}{{ end }}
{{- end }}

{{/* (dict "size" "1Gi" "class" ""): the volume of a pod. */}}
{{- define "tideline.claim" -}}
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  {{- with .class }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .size }}
{{- end }}

{{/* (dict "root" $ "component" "mysql" "ports" (dict "mysql" 3306)): names for the members of an engine, ready or not: they have to find each other before they are. */}}
{{- define "tideline.headless" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "tideline.fullname" .root }}-{{ .component }}
  labels:
    {{- include "tideline.labels" . | nindent 4 }}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    {{- include "tideline.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - { name: {{ $name }}, port: {{ $port }} }
    {{- end }}
{{- end }}

{{/* (dict "root" $ "component" "mysql"): a drain takes one member at a time. */}}
{{- define "tideline.disruption" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "tideline.fullname" .root }}-{{ .component }}
  labels:
    {{- include "tideline.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "tideline.selector" . | nindent 6 }}
{{- end }}
