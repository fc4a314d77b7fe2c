{{/* Everything of one service: workload, Service, claim, disruption budget, autoscaler, migration. */}}

{{- define "bluepacific.service" -}}
{{- $values := .root.Values }}{{ $name := include "bluepacific.name" . }}
{{- $several := or (gt (int $values.replicas) 1) $values.autoscaling.enabled }}
{{- if and $several (ne .service "gateway") (not (include "bluepacific.onPostgres" .)) }}
{{- fail (printf "%s has one pod, unless global.postgres.existingSecret names databases that several can share" .service) }}
{{- end }}
{{- if and $several (include "bluepacific.keepsQueue" .) }}
{{- fail "a gateway with queueStorage has one pod: calls that wait are in a file of its own" }}
{{- end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
spec:
  {{- if $values.global.paused }}
  replicas: 0
  {{- else if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    {{- /* Two processes must not write one SQLite file. */}}
    {{- if and (ne .service "gateway") (not (include "bluepacific.onPostgres" .)) }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
    {{- end }}
  selector:
    matchLabels:
      {{- include "bluepacific.selector" . | nindent 6 }}
      bluepacific/serves: "true"
  template:
    {{- include "bluepacific.pod" . | nindent 4 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
spec:
  {{- if eq .service "gateway" }}
  type: {{ $values.serviceType }}
  {{- else }}
  {{- /* Callers spread their calls over all pods by themselves. */}}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "bluepacific.selector" . | nindent 4 }}
    bluepacific/serves: "true"
  ports:
    {{- if eq .service "gateway" }}
    - {name: http, port: {{ ternary 443 80 $values.global.gatewayTls }}, targetPort: http}
    {{- else }}
    - {name: people, port: 8443, targetPort: people}
    - {name: siblings, port: 8444, targetPort: siblings}
    {{- end }}
{{- if include "bluepacific.keepsFiles" . }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
  annotations:
    {{- /* Keys and data outlive an uninstall by mistake. */}}
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ $values.global.storage.accessMode }}]
  {{- with $values.global.storage.className }}
  storageClassName: {{ . }}
  {{- end }}
  resources: {requests: {storage: {{ ternary $values.queueStorage $values.storage (eq .service "gateway") }}}}
{{- end }}
{{- if $several }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "bluepacific.selector" . | nindent 6 }}
      bluepacific/serves: "true"
{{- end }}
{{- if and $values.autoscaling.enabled (not $values.global.paused) }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ $values.replicas }}
  maxReplicas: {{ $values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ $values.autoscaling.cpuPercent }}}}
{{- end }}
{{- if and (ne .service "gateway") (include "bluepacific.onPostgres" .) }}
---
{{ include "bluepacific.migration" . }}
{{- end }}
---
{{ include "bluepacific.policy" . }}
{{- end }}

{{/* Before any pod of the new release starts. A release only adds to what the one before reads, so both may run meanwhile. */}}
{{- define "bluepacific.migration" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "bluepacific.name" . }}-migrate
  labels:
    {{- include "bluepacific.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 600
  template:
    metadata:
      labels:
        {{- include "bluepacific.labels" . | nindent 8 }}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        {{- include "bluepacific.podSecurity" . | nindent 8 }}
      {{- include "bluepacific.pullSecrets" . | nindent 6 }}
      containers:
        - name: migrate
          image: {{ include "bluepacific.image" . }}
          imagePullPolicy: {{ .root.Values.global.image.pullPolicy }}
          args: [bp_{{ .service }}, migrate]
          env:
            {{- include "bluepacific.databaseUrl" . | nindent 12 }}
          terminationMessagePolicy: FallbackToLogsOnError
          securityContext:
            {{- include "bluepacific.containerSecurity" . | nindent 12 }}
          resources: {{ toJson .root.Values.resources }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
{{- end }}
