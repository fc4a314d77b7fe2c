{{/* Names and labels. Every template takes a dict: `root` (the chart's own `.`) and `service` (its short name). */}}

{{- define "bluepacific.name" -}}
{{- printf "%s-%s" .root.Release.Name .service | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "bluepacific.nodeLabels" -}}
app.kubernetes.io/part-of: bluepacific
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* What never changes of a pod, so that selectors may name it. */}}
{{- define "bluepacific.selector" -}}
{{ include "bluepacific.nodeLabels" . }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- define "bluepacific.labels" -}}
{{ include "bluepacific.selector" . }}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | default .root.Chart.Version | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "bluepacific.image" -}}
{{- $image := .root.Values.global.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The services of a node; `gateway` is not one: nobody calls it but people. */}}
{{- define "bluepacific.services" -}}
exchange identity notifications cooperation catalogue training
{{- end }}

{{- define "bluepacific.onPostgres" -}}
{{- if .root.Values.global.postgres.existingSecret }}yes{{ end -}}
{{- end }}

{{/* A gateway with which calls may wait for a service that cannot be reached. */}}
{{- define "bluepacific.keepsQueue" -}}
{{- if and (eq .service "gateway") .root.Values.queueStorage }}yes{{ end -}}
{{- end }}

{{/* A service that keeps files of its own: keys always, its database where that is SQLite; a gateway only its queue. */}}
{{- define "bluepacific.keepsFiles" -}}
{{- if eq .service "gateway" }}{{ include "bluepacific.keepsQueue" . }}
{{- else if or .root.Values.keepsKeys (not (include "bluepacific.onPostgres" .)) }}yes{{ end -}}
{{- end }}

{{/* The services of a node whose chart is asked: those that stand here and keep files of their own. For the node's chart alone. */}}
{{- define "bluepacific.homes" -}}
{{- $root := .root }}{{ $found := list }}
{{- range $service := splitList " " (include "bluepacific.services" .) }}
{{- $values := get $root.Values $service }}
{{- if and $values.enabled (or $values.keepsKeys (not (include "bluepacific.onPostgres" (dict "root" $root)))) }}{{ $found = append $found $service }}{{ end }}
{{- end }}
{{- join " " $found }}
{{- end }}

{{- define "bluepacific.gatewayScheme" -}}
{{ ternary "https" "http" .root.Values.global.gatewayTls }}
{{- end }}
