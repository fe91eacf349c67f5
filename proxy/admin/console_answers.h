// What the console's statements are told: the values of the HTTP interface as typed rows.
#pragma once

#include "proxy/admin/answer.h"
#include "proxy/console/question.h"

namespace pgconcord::admin {

// Waits as long as a change needs. Any thread.
console::Answer console_answer(const console::Question& question, const Sources& sources);

}  // namespace pgconcord::admin
