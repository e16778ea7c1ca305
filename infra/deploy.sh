#!/usr/bin/env bash
# Deploy Clarion to a Google Cloud project. Run again, it changes only what differs.
#
#   PROJECT=my-project PLIVO_AUTH_ID=MA... JWT_JWKS_URL=https://... JWT_ISSUER=... \
#       JWT_AUDIENCE=... infra/deploy.sh [setup] [functions | FUNCTION...] [job]
#
#   setup      APIs, service accounts, roles, task queue, indexes
#   functions  every function below; or name the ones to deploy again
#   job        the Cloud Scheduler job of the every-minute check
#
# Without arguments it does all three. DRY_RUN=1 prints every command and runs none. Before it
# changes anything it checks every setting, and that the database and the secrets are there.
#
# It needs gcloud, signed in; Python with requirements.txt and application default credentials;
# a Firestore database in native mode; and these secrets in Secret Manager: jwt-secret where no
# JWT_JWKS_URL is given, and what the providers need that VOICE_PROVIDER (plivo; none for a team that
# does not call), SMS_PROVIDER, WHATSAPP_PROVIDER, EMAIL_PROVIDER and WEBHOOK_PROVIDER name (none
# without it), each called as its setting:
# plivo-auth-token, twilio-auth-token, whatsapp-token, whatsapp-app-secret, whatsapp-verify-token,
# smtp-url, signing-secret. PLIVO_AUTH_ID, TWILIO_ACCOUNT_SID and WHATSAPP_PHONE_NUMBER_ID name the
# accounts. CONSOLE_URL lets people sign in to the console, which needs session-secret; with
# OIDC_ISSUER and OIDC_CLIENT_ID they do so at an identity provider, which needs oidc-client-secret.
# SETTINGS names a YAML file of further settings. The console is built before: make console.
#
# Tested with the real gcloud against a stand-in of Google's APIs (tests/infra), never against
# Google itself. docs/guide/deploying.md says what to look at after the first run.
set -euo pipefail

: "${PROJECT:?set PROJECT to the Google Cloud project}"
REGION=${REGION:-us-central1}
DATABASE=${DATABASE:-(default)}
QUEUE=${QUEUE:-clarion}
RUNTIME=${RUNTIME:-python311}
PYTHON=${PYTHON:-python3}
SETTINGS=${SETTINGS:-}
VOICE_PROVIDER=${VOICE_PROVIDER:-plivo}

# Every function is called by the first segment of its path, so that one PUBLIC_BASE_URL reaches
# them all: https://REGION-PROJECT.cloudfunctions.net/webhooks/... is the function "webhooks".
BASE_URL=https://$REGION-$PROJECT.cloudfunctions.net
# Functions of one account do the same kind of work, and read the same secrets (functions/settings/secrets.py).
# name                     entry point in main.py      account
FUNCTIONS="
api                        api                         api
create-campaign            create_campaign             writer
pause-campaign             pause_campaign              writer
resume-campaign            resume_campaign             writer
cancel-campaign            cancel_campaign             writer
reschedule-campaign        reschedule_campaign         writer
retry-campaign             retry_campaign              writer
upload-csv                 upload_csv                  writer
single-call                single_call                 writer
check-scheduled-campaigns  check_scheduled_campaigns   checker
tasks                      run_task                    worker
webhooks                   receive_webhook             receiver
links                      links                       links
campaign-progress          campaign_progress           reader
get-report-by-campaign     get_report_by_campaign      reader
get-list-contact           get_list_contact            reader
health                     health                      monitor
"
READERS="reader monitor"
WRITERS="writer api checker worker receiver links"

account() { echo "clarion-$1@$PROJECT.iam.gserviceaccount.com"; }

run() {
  if [ -n "${DRY_RUN:-}" ]; then printf '%q ' "$@"; echo; else "$@"; fi
}

gc() { run gcloud --quiet --project="$PROJECT" "$@"; }

# exists COMMAND...: whether gcloud can describe it. A dry run takes everything for missing.
exists() {
  [ -z "${DRY_RUN:-}" ] && gcloud --quiet --project="$PROJECT" "$@" >/dev/null 2>&1
}

PROVIDERS="VOICE_PROVIDER SMS_PROVIDER WHATSAPP_PROVIDER EMAIL_PROVIDER WEBHOOK_PROVIDER"
# Whom providers know us as: settings like others, and not secret.
ACCOUNTS="PLIVO_AUTH_ID TWILIO_ACCOUNT_SID WHATSAPP_PHONE_NUMBER_ID"
# What lets people sign in to the console; the first two say which secrets that takes.
SIGN_IN="CONSOLE_URL OIDC_ISSUER OIDC_CLIENT_ID OIDC_ORG_CLAIM OIDC_ROLE_CLAIM"

# The secrets of each entry point, a line each: the settings that hold them.
needs() {
  local name given=()
  for name in $PROVIDERS $SIGN_IN JWT_JWKS_URL; do given+=("$name=${!name:-}"); done
  "$PYTHON" -m functions.settings.secrets "${given[@]}"
}

# secrets_of ENTRY_POINT: the settings that hold its secrets.
secrets_of() { awk -v entry="$1" '$1 == entry { for (i = 2; i <= NF; i++) print $i }' <<<"$NEEDS"; }

# secret SETTING: its name in Secret Manager.
secret() { tr 'A-Z_' 'a-z-' <<<"$1"; }

setup() {
  gc services enable artifactregistry.googleapis.com cloudbuild.googleapis.com \
    cloudfunctions.googleapis.com cloudscheduler.googleapis.com cloudtasks.googleapis.com \
    firestore.googleapis.com run.googleapis.com secretmanager.googleapis.com
  setup_accounts
  setup_queue
  setup_roles
  run "$PYTHON" infra/ensure_indexes.py --project="$PROJECT" --database="$DATABASE" \
    ${FIRESTORE_ENDPOINT:+--endpoint="$FIRESTORE_ENDPOINT"}
}

setup_accounts() {
  local name known=
  # One question for all of them: gcloud takes a second or two for each.
  [ -n "${DRY_RUN:-}" ] ||
    known=$(gc iam service-accounts list --filter="email:clarion-*" --format="value(email)")
  for name in $READERS $WRITERS invoker; do
    grep -Fqx "$(account $name)" <<<"$known" ||
      gc iam service-accounts create "clarion-$name" --display-name="Clarion $name"
  done
}

setup_queue() {
  # Attempts are TASK_MAX_ATTEMPTS: on its last one a task writes down what failed.
  local verb=create
  ! exists tasks queues describe "$QUEUE" --location="$REGION" || verb=update
  gc tasks queues $verb "$QUEUE" --location="$REGION" \
    --max-attempts="${TASK_MAX_ATTEMPTS:-10}" --min-backoff=1s --max-backoff=300s \
    --max-dispatches-per-second=500 --max-concurrent-dispatches=1000
}

setup_roles() {
  local name setting
  for name in $READERS; do project_role "$name" roles/datastore.viewer; done
  for name in $WRITERS; do
    project_role "$name" roles/datastore.user
    queue_role "$name" roles/cloudtasks.enqueuer
    # Writers create tasks that are delivered as the invoker, which has no other right.
    gc iam service-accounts add-iam-policy-binding "$(account invoker)" --format=none \
      --member="serviceAccount:$(account "$name")" --role=roles/iam.serviceAccountUser
  done
  # They serve /health, which tells whether the queue is running.
  for name in monitor api; do queue_role $name roles/cloudtasks.viewer; done
  while read -r name setting; do
    gc secrets add-iam-policy-binding "$(secret "$setting")" --format=none \
      --member="serviceAccount:$(account "$name")" --role=roles/secretmanager.secretAccessor \
      </dev/null
  done < <(readers_of_secrets)
}

# Each account with a setting that holds a secret of its functions, a line each.
readers_of_secrets() {
  local entry who setting
  while read -r _ entry who; do
    for setting in $(secrets_of "$entry"); do echo "$who $setting"; done
  done <<<"$FUNCTIONS" | sort -u
}

queue_role() {
  gc tasks queues add-iam-policy-binding "$QUEUE" --location="$REGION" --format=none \
    --member="serviceAccount:$(account "$1")" --role="$2"
}

project_role() {
  gc projects add-iam-policy-binding "$PROJECT" --condition=None --format=none \
    --member="serviceAccount:$(account "$1")" --role="$2"
}

# setting NAME VALUE: one line of YAML.
setting() { printf "%s: '%s'\n" "$1" "${2//\'/\'\'}"; }

settings() {
  local name
  setting STORE_URL "firestore://$PROJECT/$DATABASE"
  setting QUEUE_URL "cloudtasks://$PROJECT/$REGION/$QUEUE"
  setting PUBLIC_BASE_URL "$BASE_URL"
  setting INVOKER_AUTH oidc
  setting INVOKER_SERVICE_ACCOUNT "$(account invoker)"
  setting INVOKER_AUDIENCE "$BASE_URL"
  for name in $PROVIDERS $ACCOUNTS $SIGN_IN; do [ -z "${!name:-}" ] || setting "$name" "${!name}"; done
  setting AUTH_MODE jwt
  [ -z "${JWT_JWKS_URL:-}" ] || setting JWT_JWKS_URL "$JWT_JWKS_URL"
  [ -z "${JWT_ISSUER:-}" ] || setting JWT_ISSUER "$JWT_ISSUER"
  [ -z "${JWT_AUDIENCE:-}" ] || setting JWT_AUDIENCE "$JWT_AUDIENCE"
  setting TASK_MAX_ATTEMPTS "${TASK_MAX_ATTEMPTS:-10}"
  [ -z "$SETTINGS" ] || cat "$SETTINGS"
}

# functions NAME...: deploy these, or all of them without names.
functions() {
  local name entry who wanted=" $* "
  while read -r name entry who; do
    [ -n "$name" ] || continue
    [ $# -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
    deploy_function "$name" "$entry" "$who" "$SETTINGS_FILE"
  done <<<"$FUNCTIONS"
}

deploy_function() {
  local secrets
  secrets=$(set_secrets "$2")  # none: a function deployed before may have some
  # Whoever may call is decided by the application: a JWT, Google's token, the carrier's signature.
  # 540 s are TASK_DEADLINE_S and a minute, the deadline that tasks are delivered with.
  # Google's buildpack compiles our source, and the image then says of every file that it is of 1980.
  # What was compiled would be of no use, and a cold start would take 1.4 times as long, were it not
  # told from the source by its hash: Python's compiler does that where SOURCE_DATE_EPOCH is set.
  gc functions deploy "$1" --gen2 --runtime="$RUNTIME" --region="$REGION" \
    --source=. --entry-point="$2" --trigger-http --allow-unauthenticated \
    --service-account="$(account "$3")" --env-vars-file="$4" \
    --set-build-env-vars=SOURCE_DATE_EPOCH=315532801 \
    "${secrets:---clear-secrets}" \
    --cpu=1 --memory=512Mi --concurrency=80 --timeout=540s --format=none </dev/null
}

set_secrets() {
  local setting text=
  for setting in $(secrets_of "$1"); do text+=,$setting=$(secret "$setting"):latest; done
  [ -z "$text" ] || echo "--set-secrets=${text#,}"
}

job() {
  run "$PYTHON" infra/ensure_scheduler_job.py --project="$PROJECT" --location="$REGION" \
    --url="$BASE_URL/check-scheduled-campaigns" --audience="$BASE_URL" \
    --service-account="$(account invoker)" \
    ${SCHEDULER_ENDPOINT:+--endpoint="$SCHEDULER_ENDPOINT"}
}

is_function() { grep -q "^$1 " <<<"$FUNCTIONS"; }

# Everything that can be wrong is told before anything is changed.
check() {
  local name setting missing=
  [[ $RUNTIME =~ ^python3(1[1-9]|[2-9][0-9])$ ]] ||
    fail "RUNTIME: must be python311 or a newer one, not $RUNTIME"
  [ -z "$SETTINGS" ] || [ -r "$SETTINGS" ] || fail "SETTINGS: cannot read $SETTINGS"
  for name in $PROVIDERS $SIGN_IN; do
    [ -z "$SETTINGS" ] || ! grep -q "^[\"']\?$name\b" "$SETTINGS" ||
      fail "$name: give it to the script instead of SETTINGS; it hands over the secrets for it"
  done
  settings >"$SETTINGS_FILE"
  [ -z "${DRY_RUN:-}" ] || sed 's/^/# /' "$SETTINGS_FILE"
  # What is set in this shell is not set in a function.
  # shellcheck disable=SC2046  # entry points have no blanks
  env -i PATH="$PATH" HOME="${HOME:-/}" "$PYTHON" infra/check_settings.py "$SETTINGS_FILE" \
    $(awk 'NF { print $2 }' <<<"$FUNCTIONS") || exit 2
  [ -z "${DRY_RUN:-}" ] || return 0
  exists projects describe "$PROJECT" ||
    fail "PROJECT: gcloud cannot see $PROJECT; sign in (gcloud auth login), or name another one"
  exists firestore databases describe --database="$DATABASE" ||
    fail "DATABASE: $PROJECT has no Firestore database $DATABASE; create it, in native mode"
  for setting in $(readers_of_secrets | awk '{ print $2 }' | sort -u); do
    exists secrets describe "$(secret "$setting")" || missing+=" $(secret "$setting")"
  done
  [ -z "$missing" ] || fail "Secret Manager lacks:$missing; docs/guide/deploying.md says how to create them"
  [[ " $* " != *" functions "* && " $* " != *" api "* ]] || [ -f functions/console/dist/index.html ] ||
    fail "functions/console/dist: the console is not built; run make console"
}

fail() { echo "$1" >&2; exit 2; }

main() {
  cd "$(dirname "$0")/.."
  [ $# -gt 0 ] || set -- setup functions job
  local part named=() folder
  for part in "$@"; do
    case $part in
      setup | functions | job) ;;
      *) is_function "$part" || fail "$part: is no function of Clarion"
         named+=("$part") ;;
    esac
  done
  folder=$(mktemp -d)
  # shellcheck disable=SC2064  # the name is known now and not later
  trap "rm -rf '$folder'" EXIT
  SETTINGS_FILE=$folder/settings.yaml
  NEEDS=$(needs)
  check "$@"
  [[ " $* " != *" setup "* ]] || setup
  [[ " $* " != *" functions "* ]] || functions
  [ ${#named[@]} -eq 0 ] || functions "${named[@]}"
  [[ " $* " != *" job "* ]] || job
}

main "$@"
