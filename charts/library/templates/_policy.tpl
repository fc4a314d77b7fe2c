{{/* Who may reach a service, and whom it may reach. Everything else is denied by the node's default policy. */}}

{{- define "bluepacific.policy" -}}
{{- $root := .root }}{{ $global := .root.Values.global }}{{ $name := include "bluepacific.name" . }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "bluepacific.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if eq .service "gateway" }}
    # People, through whatever stands in front of the node.
    - ports: [{port: 8080}]
      {{- with $global.network.peopleFrom }}
      from: {{ toJson . }}
      {{- end }}
    {{- else }}
    # The gateway, with people's tokens.
    - from:
        - podSelector:
            matchLabels:
              {{- include "bluepacific.selector" (dict "root" $root "service" "gateway") | nindent 14 }}
      ports: [{port: 8443}]
    {{- with $global.network.callersFrom }}
    # The cluster's Gateway, or the gateway that hosts, with people's tokens.
    - from: {{ toJson . }}
      ports: [{port: 8443}]
    {{- end }}
    {{- $callers := list }}
    {{- if eq .service "exchange" }}{{ $callers = list "identity" "notifications" "cooperation" "catalogue" "training" }}{{ end }}
    {{- if eq .service "identity" }}{{ $callers = list "exchange" "notifications" "cooperation" "catalogue" "training" }}{{ end }}
    {{- if $callers }}
    # {{ ternary "Topics, in and out." "Keys that verify tokens." (eq .service "exchange") }}
    - from:
        - podSelector:
            matchLabels:
              {{- include "bluepacific.nodeLabels" . | nindent 14 }}
            matchExpressions:
              - {key: app.kubernetes.io/component, operator: In, values: {{ toJson $callers }}}
      ports: [{port: 8444}]
    {{- end }}
    {{- $placed := concat (keys $global.places) (keys $global.otherPlaces) | uniq }}
    {{- $open := list }}
    {{- if has "gateway" $placed }}{{ $open = append $open 8443 }}{{ end }}
    {{- /* Whoever brings the service here. */}}
    {{- if hasKey $global.otherPlaces .service }}{{ $open = append $open 8444 }}{{ end }}
    {{- range $callers }}{{ if and (has . $placed) (not (has 8444 $open)) }}{{ $open = append $open 8444 }}{{ end }}{{ end }}
    {{- if $open }}
    # The node's other part, at another place.
    - ports: [{{ range $at, $port := $open }}{{ if $at }}, {{ end }}{port: {{ $port }}}{{ end }}]
      {{- with $global.network.placesAt }}
      from: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- if and (eq .service "exchange") $global.node.centre }}
    # Countries dial in.
    - ports: [{port: 8101}]
      {{- with $global.network.countriesFrom }}
      from: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- end }}
  egress:
    # Names.
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
    {{- if eq .service "gateway" }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "bluepacific.nodeLabels" . | nindent 14 }}
      ports: [{port: 8443}]
    {{- range $country, $node := $global.hosted }}
    # The services of {{ $country }}.
    - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ $node.namespace }}}}}]
      ports: [{port: 8443}]
    {{- end }}
    {{- else }}
    # Topics to and from the exchange, keys from identity.
    - to:
        - podSelector:
            matchLabels:
              {{- include "bluepacific.nodeLabels" . | nindent 14 }}
            matchExpressions:
              - {key: app.kubernetes.io/component, operator: In, values: [exchange, identity]}
      ports: [{port: 8444}]
    {{- if include "bluepacific.onPostgres" . }}
    - ports: [{port: {{ $global.postgres.port }}}]
      {{- with $global.network.postgresAt }}
      to: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- if $global.bucket.url }}
    # Files.
    - ports: [{port: {{ $global.bucket.port }}}]
      {{- with $global.network.bucketAt }}
      to: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- end }}
    {{- $gateway := eq .service "gateway" }}
    {{- $placed := concat (keys $global.places) (keys $global.otherPlaces) | uniq }}
    {{- if or (and $gateway (without $placed "gateway")) (and (not $gateway) (or (has "exchange" $placed) (has "identity" $placed) (hasKey $global.otherPlaces .service))) }}
    # The node's other part, at another place.
    - ports: [{port: {{ ternary 8443 8444 $gateway }}}]
      {{- with $global.network.placesAt }}
      to: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- if and (eq .service "exchange") (not $global.node.centre) }}
    # The link to the centre.
    - ports: [{port: {{ $global.link.address | splitList ":" | last | int }}}, {port: 8101}]
      {{- with $global.network.centreAt }}
      to: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- if eq .service "notifications" }}
    - ports: [{port: {{ $global.mail.port }}}]
      {{- with $global.network.mailAt }}
      to: {{ toJson . }}
      {{- end }}
    {{- end }}
    {{- if $global.telemetry.otlpEndpoint }}
    - ports: [{port: {{ $global.telemetry.otlpEndpoint | splitList ":" | last | trimSuffix "/" | int }}}]
    {{- end }}
{{- end }}
