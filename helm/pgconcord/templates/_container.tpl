{{/* The proxy's container, for the Deployment here and for sidecars elsewhere. */}}

{{- define "pgconcord.hasOwnConfig" -}}
{{- if or .Values.existingConfig.configMap .Values.existingConfig.secret -}}yes{{- end -}}
{{- end -}}

{{- define "pgconcord.container" -}}
name: pgconcord
image: {{ include "pgconcord.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - run
  {{- if or (eq .Values.reload.strategy "hot") (eq .Values.deploy "sidecar") }}
  - --watch
  {{- end }}
  - --config
  - /etc/pgconcord/pgconcord.yaml
  {{- range .Values.extraArgs }}
  - {{ . | quote }}
  {{- end }}
{{- with .Values.env }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: postgres
    containerPort: {{ int .Values.containerPorts.postgres }}
    protocol: TCP
  - name: admin
    containerPort: {{ int .Values.containerPorts.admin }}
    protocol: TCP
{{- with .Values.startupProbe }}
startupProbe:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.livenessProbe }}
livenessProbe:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.readinessProbe }}
readinessProbe:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- include "pgconcord.volumeMounts" . | nindent 2 }}
{{- end -}}

{{/* Whole directories, never subPath: the kubelet updates only those, and the proxy watches them. */}}
{{- define "pgconcord.volumeMounts" -}}
- {name: pgconcord-config, mountPath: /etc/pgconcord, readOnly: true}
{{- if .Values.policiesConfigMap }}
- {name: pgconcord-policies, mountPath: /etc/pgconcord-policies, readOnly: true}
{{- end }}
{{- if .Values.tls.enabled }}
- {name: pgconcord-tls, mountPath: /etc/pgconcord-tls, readOnly: true}
{{- end }}
{{- if .Values.upstream.tls.caSecret }}
- {name: pgconcord-upstream-ca, mountPath: /etc/pgconcord-upstream-ca, readOnly: true}
{{- end }}
{{- if .Values.upstream.tls.clientSecret }}
- {name: pgconcord-upstream-client, mountPath: /etc/pgconcord-upstream-client, readOnly: true}
{{- end }}
{{- if .Values.admin.existingSecret }}
- {name: pgconcord-admin, mountPath: /etc/pgconcord-admin, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "pgconcord.volumes" -}}
- name: pgconcord-config
  {{- if .Values.existingConfig.secret }}
  secret: {secretName: {{ .Values.existingConfig.secret }}}
  {{- else }}
  configMap: {name: {{ default (include "pgconcord.fullname" .) .Values.existingConfig.configMap }}}
  {{- end }}
{{- if .Values.policiesConfigMap }}
- name: pgconcord-policies
  configMap: {name: {{ .Values.policiesConfigMap }}}
{{- end }}
{{- if .Values.tls.enabled }}
- name: pgconcord-tls
  secret: {secretName: {{ include "pgconcord.tlsSecret" . }}, defaultMode: 0440}
{{- end }}
{{- if .Values.upstream.tls.caSecret }}
- name: pgconcord-upstream-ca
  secret: {secretName: {{ .Values.upstream.tls.caSecret }}}
{{- end }}
{{- if .Values.upstream.tls.clientSecret }}
- name: pgconcord-upstream-client
  secret: {secretName: {{ .Values.upstream.tls.clientSecret }}, defaultMode: 0440}
{{- end }}
{{- if .Values.admin.existingSecret }}
- name: pgconcord-admin
  secret: {secretName: {{ .Values.admin.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
For the pods of another chart that has this one as a dependency with `deploy: sidecar`:

  initContainers:
    {{- include "pgconcord.sidecarContainer" .Subcharts.pgconcord | nindent 8 }}
  volumes:
    {{- include "pgconcord.sidecarVolumes" .Subcharts.pgconcord | nindent 8 }}

`restartPolicy: Always` makes it a native sidecar: it starts before the application's containers and ends after them,
so that Jobs complete.
*/}}
{{- define "pgconcord.sidecarContainer" -}}
- {{ include "pgconcord.container" . | nindent 2 | trim }}
  restartPolicy: Always
{{- end -}}

{{- define "pgconcord.sidecarVolumes" -}}
{{ include "pgconcord.volumes" . }}
{{- end -}}
