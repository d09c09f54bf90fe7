#!/bin/sh
# Sets the environment of CANN, as its libraries want it, and starts mnv2.
for script in "${ASCEND_HOME_PATH:-/nowhere}/set_env.sh" /usr/local/Ascend/cann/set_env.sh /usr/local/Ascend/ascend-toolkit/set_env.sh; do
	if [ -f "$script" ]; then
		# shellcheck disable=SC1090 # which one is there is known only here
		. "$script"
		break
	fi
done
# The driver is mounted from the host; set_env.sh does not know of it.
driver=/usr/local/Ascend/driver/lib64
export LD_LIBRARY_PATH="$driver/common:$driver/driver:$driver${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec mnv2 "$@"
