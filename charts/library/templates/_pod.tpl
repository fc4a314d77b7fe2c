{{/* The pod of a service. Restricted by Pod Security: no root, no capabilities, nothing written but to its volumes. */}}

{{- define "bluepacific.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "bluepacific.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "bluepacific.pullSecrets" -}}
{{- with .root.Values.global.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bluepacific.pod" -}}
{{- $values := .root.Values }}{{ $global := .root.Values.global }}{{ $gateway := eq .service "gateway" }}
metadata:
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
    bluepacific/serves: "true"
  annotations:
    {{- /* A renewed certificate reaches running pods by a rollout. */}}
    kubectl.kubernetes.io/default-container: {{ .service }}
    bluepacific/certificates: {{ $global.tls.renewal | default "" | quote }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  serviceAccountName: {{ .root.Release.Name }}-node
  terminationGracePeriodSeconds: {{ add 20 (int $global.drainSeconds) }}
  securityContext:
    {{- include "bluepacific.podSecurity" . | nindent 4 }}
  {{- include "bluepacific.pullSecrets" . | nindent 2 }}
  {{- with $values.nodeSelector | default $global.nodeSelector }}
  nodeSelector: {{ toJson . }}
  {{- end }}
  {{- with $global.tolerations }}
  tolerations: {{ toJson . }}
  {{- end }}
  {{- if include "bluepacific.keepsQueue" . }}
  affinity:
    podAffinity:
      {{- /* The next release's pod comes where the volume is; both may have it for the moment of the change. */}}
      requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "bluepacific.selector" . | nindent 14 }}
              bluepacific/serves: "true"
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "bluepacific.selector" . | nindent 10 }}
          bluepacific/serves: "true"
  {{- if and (not $gateway) (not (include "bluepacific.onPostgres" .)) }}
  initContainers:
    - name: migrate
      image: {{ include "bluepacific.image" . }}
      imagePullPolicy: {{ $global.image.pullPolicy }}
      args: [bp_{{ .service }}, migrate]
      env:
        {{- include "bluepacific.environment" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      securityContext:
        {{- include "bluepacific.containerSecurity" . | nindent 8 }}
      resources: {{ toJson $values.resources }}
      volumeMounts:
        {{- include "bluepacific.mounts" . | nindent 8 }}
  {{- end }}
  containers:
    - name: {{ .service }}
      image: {{ include "bluepacific.image" . }}
      imagePullPolicy: {{ $global.image.pullPolicy }}
      args: [bp_{{ .service }}, serve]
      env:
        {{- include "bluepacific.environment" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      securityContext:
        {{- include "bluepacific.containerSecurity" . | nindent 8 }}
      ports:
        {{- if $gateway }}
        - {name: http, containerPort: 8080}
        {{- else }}
        - {name: people, containerPort: 8443}
        - {name: siblings, containerPort: 8444}
        - {name: health, containerPort: 8445}
        {{- if and (eq .service "exchange") $global.node.centre }}
        - {name: link, containerPort: 8101}
        {{- end }}
        {{- end }}
      {{- include "bluepacific.probes" . | nindent 6 }}
      lifecycle:
        {{- /* Until everybody has heard that this pod takes no new calls. */}}
        preStop: {sleep: {seconds: 5}}
      resources: {{ toJson $values.resources }}
      volumeMounts:
        {{- include "bluepacific.mounts" . | nindent 8 }}
  volumes:
    {{- include "bluepacific.volumes" . | nindent 4 }}
{{- end }}

{{- define "bluepacific.probes" -}}
{{- if eq .service "gateway" }}
{{- $scheme := include "bluepacific.gatewayScheme" . | upper }}
startupProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 90
livenessProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 4
readinessProbe:
  httpGet: {path: /readyz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- else }}
startupProbe:
  grpc: {port: 8445, service: ready}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 90
livenessProbe:
  grpc: {port: 8445, service: live}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 4
readinessProbe:
  grpc: {port: 8445, service: ready}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
{{- end }}

{{- define "bluepacific.mounts" -}}
- {name: home, mountPath: /var/lib/bluepacific}
- {name: tmp, mountPath: /tmp}
- {name: tls, mountPath: /run/bluepacific/tls, readOnly: true}
- {name: page-tokens, mountPath: /run/bluepacific/page-tokens, readOnly: true}
{{- range .root.Values.secretSettings }}
{{- if hasSuffix "_file" .name }}
- {name: {{ .name | replace "_" "-" }}, mountPath: /run/bluepacific/secrets/{{ .name }}, readOnly: true}
{{- end }}
{{- end }}
{{- if eq .service "gateway" }}
{{- if .root.Values.global.gatewayTls }}
- {name: public-tls, mountPath: /run/bluepacific/public-tls, readOnly: true}
{{- end }}
{{- range $country, $node := .root.Values.global.hosted }}
- {name: hosted-{{ lower $country }}, mountPath: /run/bluepacific/hosted/{{ $country }}, readOnly: true}
{{- end }}
{{- else }}
- {name: blobs, mountPath: /var/lib/bluepacific/blobs}
{{- if .root.Values.global.bucket.existingSecret }}
- {name: bucket, mountPath: /run/bluepacific/bucket, readOnly: true}
{{- end }}
- {name: node, mountPath: /var/lib/bluepacific/node.toml, subPath: node.toml, readOnly: true}
{{- end }}
{{- end }}

{{- define "bluepacific.volumes" -}}
{{- $release := .root.Release.Name }}{{ $tls := .root.Values.global.tls }}
- name: home
  {{- if include "bluepacific.keepsFiles" . }}
  persistentVolumeClaim: {claimName: {{ include "bluepacific.name" . }}}
  {{- else }}
  emptyDir: {sizeLimit: 256Mi}
  {{- end }}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
- name: tls
  secret: {secretName: {{ printf "%s-tls" (include "bluepacific.name" .) }}, defaultMode: 0440}
- name: page-tokens
  secret: {secretName: {{ $release }}-page-tokens, defaultMode: 0440}
{{- range .root.Values.secretSettings }}
{{- if hasSuffix "_file" .name }}
- name: {{ .name | replace "_" "-" }}
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- if eq .service "gateway" }}
{{- if .root.Values.global.gatewayTls }}
- name: public-tls
  secret: {secretName: {{ $tls.publicSecret | default (printf "%s-tls" (include "bluepacific.name" .)) }}, defaultMode: 0440}
{{- end }}
{{- range $country, $node := .root.Values.global.hosted }}
- name: hosted-{{ lower $country }}
  secret: {secretName: {{ $node.tlsSecret }}, defaultMode: 0440}
{{- end }}
{{- else }}
- name: blobs
  {{- if .root.Values.global.bucket.url }}
  # What was read lately.
  emptyDir: {sizeLimit: 4Gi}
  {{- else }}
  persistentVolumeClaim: {claimName: {{ $release }}-blobs}
  {{- end }}
{{- with .root.Values.global.bucket.existingSecret }}
- name: bucket
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
- name: node
  configMap: {name: {{ $release }}-node}
{{- end }}
{{- end }}
