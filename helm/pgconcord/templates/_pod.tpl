{{/* The pod of the Deployment. */}}

{{- define "pgconcord.podSpec" -}}
serviceAccountName: {{ include "pgconcord.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
# A Service named pgconcord would set PGCONCORD_... in the environment of the pod, where the proxy looks for its flags.
enableServiceLinks: false
# The pause, the drain, 10 seconds for transactions that are open at its end, 5 to spare.
terminationGracePeriodSeconds: {{ add (int .Values.shutdown.preStopSleepSeconds) (int .Values.shutdown.drainSeconds) 15 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (include "pgconcord.affinity" .) }}
affinity:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ toYaml (merge (dict) . (dict "labelSelector" (dict "matchLabels" (include "pgconcord.selectorLabels" $ | fromYaml)))) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- with .Values.extraInitContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - {{ include "pgconcord.container" . | nindent 4 | trim }}
    {{- if gt (int .Values.shutdown.preStopSleepSeconds) 0 }}
    lifecycle:
      preStop:
        {{- if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}
        sleep: {seconds: {{ int .Values.shutdown.preStopSleepSeconds }}}
        {{- else }}
        exec: {command: [sleep, {{ .Values.shutdown.preStopSleepSeconds | int | quote }}]}
        {{- end }}
    {{- end }}
  {{- with .Values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  {{- include "pgconcord.volumes" . | nindent 2 }}
{{- end -}}

{{- define "pgconcord.affinity" -}}
{{- if .Values.affinity -}}
{{ toYaml .Values.affinity }}
{{- else if .Values.podAntiAffinity.enabled -}}
podAntiAffinity:
  {{- if eq .Values.podAntiAffinity.type "hard" }}
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels:
          {{- include "pgconcord.selectorLabels" . | nindent 10 }}
  {{- else }}
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "pgconcord.selectorLabels" . | nindent 12 }}
  {{- end }}
{{- end -}}
{{- end -}}
