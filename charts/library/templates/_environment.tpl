{{/* What a process is told. What the node decides comes first; a service's own `settings` follow, as its settings model names them. */}}

{{- define "bluepacific.environment" -}}
{{- $root := .root }}{{ $service := .service }}{{ $global := .root.Values.global }}
{{- $home := "/var/lib/bluepacific" }}
{{- $prefix := printf "BP_%s__" (upper $service) }}
{{- $port := ternary "8443" "8444" (eq $service "gateway") }}
{{- $addresses := dict }}
{{- range splitList " " (include "bluepacific.services" .) }}
{{- $host := get $global.places . | default (include "bluepacific.name" (dict "root" $root "service" .)) }}
{{- $_ := set $addresses . (printf "%s:%s" $host $port) }}
{{- end }}
{{- $others := dict }}
{{- range $one, $host := $global.otherPlaces }}{{ $_ := set $others $one (printf "%s:%s" $host $port) }}{{ end }}
{{- $told := dict
    "BP_POD__NODE_ID" $global.node.id
    "BP_POD__COUNTRY" $global.node.country
    "BP_POD__PUBLIC_URL" $global.node.publicUrl
    "BP_POD__BLOBS_DIR" (printf "%s/blobs" $home)
    "BP_POD__BLOBS_BUCKET" $global.bucket.url
    "BP_POD__PAGE_TOKEN_FILE" "/run/bluepacific/page-tokens/key"
    "BP_POD__TLS_DIR" "/run/bluepacific/tls"
    "BP_POD__ADDRESSES" ($addresses | toJson)
    "BP_POD__PLACE" $global.place
    "BP_POD__OTHER_PLACES" (ternary ($others | toJson) "" (gt (len $others) 0))
    "BP_POD__OTHER_PLACE" (get $others $service)
    "BP_POD__AWAITS" (ternary "true" "" (has $service $global.awaits))
    "BP_POD__LISTEN" "0.0.0.0:8443"
    "BP_POD__OWN_LISTEN" "0.0.0.0:8444"
    "BP_POD__HEALTH_LISTEN" "0.0.0.0:8445"
    "BP_POD__DRAIN_SECONDS" ($global.drainSeconds | toString)
    "BP_POD__SPAN_STORE" (printf "%s/spans.sqlite" $home)
    "BP_POD__OTLP_ENDPOINT" $global.telemetry.otlpEndpoint
    "BP_POD__SAMPLE_RATIO" ($global.telemetry.sampleRatio | toString)
    "BP_POD__LOG_LEVEL" $global.telemetry.logLevel }}
{{- if $global.bucket.url }}
{{- $_ := set $told "BP_POD__BLOBS_ENDPOINT" $global.bucket.endpoint }}
{{- $_ := set $told "BP_POD__BLOBS_REGION" $global.bucket.region }}
{{- if $global.bucket.existingSecret }}{{ $_ := set $told "BP_POD__BLOBS_KEYS_DIR" "/run/bluepacific/bucket" }}{{ end }}
{{- end }}
{{- if and (eq $service "gateway") $global.gatewayTls }}
{{- $_ := set $told "BP_POD__PUBLIC_TLS_DIR" "/run/bluepacific/public-tls" }}
{{- end }}
{{- if and (eq $service "gateway") $global.hosted }}
{{- $hosted := dict }}
{{- range $country, $node := $global.hosted }}
{{- $there := dict }}
{{- range splitList " " (include "bluepacific.services" $) }}
{{- $_ := set $there . (printf "%s-%s.%s.svc:8443" $node.release . $node.namespace) }}
{{- end }}
{{- $_ := set $hosted $country (dict "addresses" $there "tls_dir" (printf "/run/bluepacific/hosted/%s" $country)) }}
{{- end }}
{{- $_ := set $told "BP_GATEWAY__HOSTED" ($hosted | toJson) }}
{{- end }}
{{- if include "bluepacific.keepsQueue" . }}{{ $_ := set $told "BP_GATEWAY__QUEUE_DIR" (printf "%s/queue" $home) }}{{ end }}
{{- if and (ne $service "gateway") (not (include "bluepacific.onPostgres" .)) }}
{{- $_ := set $told (print $prefix "DATABASE_URL") (printf "sqlite+aiosqlite:///%s/data/%s.sqlite" $home $service) }}
{{- end }}
{{- if $root.Values.keepsKeys }}{{ $_ := set $told (print $prefix "KEY_DIR") (printf "%s/keys/%s" $home $service) }}{{ end }}
{{- range $name := $root.Values.fromNode }}
{{- $value := get (dict
      "NODE_ID" $global.node.id
      "PUBLIC_URL" $global.node.publicUrl
      "COUNTRIES" ($global.node.countries | default (list $global.node.country) | toJson)
      "CENTRE" ($global.node.centre | toString)
      "LINK" $global.link.address
      "LINK_LISTEN" (ternary "0.0.0.0:8101" "" $global.node.centre)
      "FILES_DIR" (printf "%s/sealed" $home)
      "HOST" "0.0.0.0"
      "PORT" "8080"
      "SMTP_HOST" $global.mail.host
      "SMTP_PORT" ($global.mail.port | toString)
      "SMTP_SECURITY" $global.mail.security
      "MAIL_FROM" $global.mail.from) $name }}
{{- $_ := set $told (print $prefix $name) $value }}
{{- end }}
{{- range $name, $value := $root.Values.settings }}
{{- $text := ternary ($value | toJson) ($value | toString) (or (kindIs "slice" $value) (kindIs "map" $value)) }}
{{- /* 2097152 and not 2.097152e+06: Helm reads numbers as floats. */}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}{{ $text = printf "%.0f" $value }}{{ end }}
{{- $_ := set $told (print $prefix (upper $name)) $text }}
{{- end }}
{{- range $name := keys $told | sortAlpha }}
{{- $value := get $told $name }}
{{- if ne $value "" }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
{{- if and (ne $service "gateway") (include "bluepacific.onPostgres" .) }}
{{ include "bluepacific.databaseUrl" . }}
{{- end }}
{{- range $root.Values.secretSettings }}
- name: {{ print $prefix (upper .name) }}
  {{- if hasSuffix "_file" .name }}
  value: {{ printf "/run/bluepacific/secrets/%s/%s" .name .key | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret }}, key: {{ .key }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "bluepacific.databaseUrl" -}}
- name: {{ printf "BP_%s__DATABASE_URL" (upper .service) }}
  valueFrom:
    secretKeyRef: {name: {{ .root.Values.global.postgres.existingSecret }}, key: {{ .service }}}
{{- end }}
