case "$(set -o)" in *"pipefail"*) set -o pipefail;; esac
set -o errexit
false | true || echo pipefail is on
