import { z } from "zod";

// The parts of the formats that the files of deploy/ use. Objects are strict, so that a misspelled property is found.

const DURATION = z.string().regex(/^\d+(?:ms|s|m|h)$/);
const QUANTITY = z.string().regex(/^\d+(?:m|Mi|Gi)?$/);
const PORT = z.int().min(1).max(65_535);
const NAME = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
const WORDS = z.array(z.string()).min(1);

const COMPOSE_SERVICE = z.strictObject({
  image: z.string(),
  init: z.boolean().optional(),
  command: WORDS.optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/), z.string()).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w/.-]+(?::ro)?$/)).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
  shm_size: z
    .string()
    .regex(/^\d+[kmg]b$/)
    .optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.enum(["CMD", "CMD-SHELL"])], z.string()),
      interval: DURATION,
      timeout: DURATION,
      retries: z.int(),
    })
    .optional(),
  deploy: z.strictObject({ replicas: z.int().positive() }).optional(),
  stop_grace_period: DURATION.optional(),
  restart: z.enum(["no", "always", "on-failure", "unless-stopped"]).optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(["service_started", "service_healthy", "service_completed_successfully"]),
      }),
    )
    .optional(),
});

export const COMPOSE_FILE = z.strictObject({
  "x-environment": z.record(z.string(), z.string()),
  services: z.record(NAME, COMPOSE_SERVICE),
  volumes: z.record(NAME, z.null()),
});

const LABELS = z.record(z.string().regex(/^(?:[a-z.]+\/)?[a-z-]+$/), z.string());
const METADATA = z.strictObject({ name: NAME, labels: LABELS });

const PROBE = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith("/"), port: NAME }),
  periodSeconds: z.int().positive(),
  timeoutSeconds: z.int().positive(),
  failureThreshold: z.int().positive(),
});

const CONTAINER = z.strictObject({
  name: NAME,
  image: z.string().regex(/^[a-z0-9.-]+\/[a-z0-9-]+:[\w.-]+$/),
  args: WORDS,
  env: z
    .array(
      z.strictObject({
        name: z.string(),
        valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name: NAME, key: z.string() }) }),
      }),
    )
    .optional(),
  envFrom: z.array(z.strictObject({ secretRef: z.strictObject({ name: NAME }) })).optional(),
  ports: z.array(z.strictObject({ name: NAME, containerPort: PORT })).optional(),
  startupProbe: PROBE.optional(),
  readinessProbe: PROBE.optional(),
  livenessProbe: PROBE.optional(),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: QUANTITY, memory: QUANTITY }),
    limits: z.strictObject({ memory: QUANTITY }),
  }),
});

const POD_TEMPLATE = z.strictObject({
  metadata: z.strictObject({ labels: LABELS, annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.strictObject({
    restartPolicy: z.literal("Never").optional(),
    terminationGracePeriodSeconds: z.int().positive().optional(),
    automountServiceAccountToken: z.literal(false),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      runAsUser: z.int().positive(),
      seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
    }),
    topologySpreadConstraints: z
      .array(
        z.strictObject({
          maxSkew: z.int().positive(),
          topologyKey: z.string(),
          whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]),
          labelSelector: z.strictObject({ matchLabels: LABELS }),
        }),
      )
      .optional(),
    containers: z.tuple([CONTAINER]),
  }),
});

const SELECTOR = z.strictObject({ matchLabels: LABELS });

export const KUBERNETES_MANIFEST = z.discriminatedUnion("kind", [
  z.strictObject({
    apiVersion: z.literal("batch/v1"),
    kind: z.literal("Job"),
    metadata: METADATA,
    spec: z.strictObject({
      backoffLimit: z.int(),
      activeDeadlineSeconds: z.int().positive(),
      ttlSecondsAfterFinished: z.int().positive(),
      template: POD_TEMPLATE,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal("apps/v1"),
    kind: z.literal("Deployment"),
    metadata: METADATA,
    spec: z.strictObject({
      replicas: z.int().positive(),
      selector: SELECTOR,
      strategy: z
        .strictObject({
          type: z.literal("RollingUpdate"),
          rollingUpdate: z.strictObject({ maxUnavailable: z.int(), maxSurge: z.int() }),
        })
        .optional(),
      template: POD_TEMPLATE,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal("policy/v1"),
    kind: z.literal("PodDisruptionBudget"),
    metadata: METADATA,
    spec: z.strictObject({ minAvailable: z.int().positive(), selector: SELECTOR }),
  }),
  z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Service"),
    metadata: METADATA,
    spec: z.strictObject({
      selector: LABELS,
      ports: z.array(z.strictObject({ name: NAME, port: PORT, targetPort: NAME })),
    }),
  }),
]);
