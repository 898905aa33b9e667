# Keys, budgets, limits, spend, prices and the cache: what the module litellm has beside the way of a call.

# Files that the program carries with it, as functions that give their text.
set(UI_FOLDER ${CMAKE_SOURCE_DIR}/web/litellm-ui)
foreach(pair IN ITEMS PRICES|${CMAKE_CURRENT_SOURCE_DIR}/prices/prices.json UI_PAGE|${UI_FOLDER}/index.html
                      UI_STYLE|${UI_FOLDER}/app.css UI_SCRIPT|${UI_FOLDER}/app.js UI_ICON|${UI_FOLDER}/favicon.svg)
  string(REPLACE "|" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} ${name})
endforeach()
configure_file(prices/prices.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/prices.cpp @ONLY)
configure_file(handlers/ui_files.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/ui_files.cpp @ONLY)

set(LEDGER_SOURCES ${CMAKE_CURRENT_BINARY_DIR}/prices.cpp ${CMAKE_CURRENT_BINARY_DIR}/ui_files.cpp handlers/ui.cpp config/key_rules_reader.cpp config/ledger_config.cpp
  domain/admission_plan.cpp domain/budget_period.cpp domain/day_sums.cpp domain/entity.cpp domain/key_policy.cpp
  domain/model_access.cpp domain/json_print.cpp domain/money.cpp domain/paging.cpp domain/price_table.cpp domain/record_fields.cpp domain/route_class.cpp domain/unheld_fields.cpp domain/unknown_fields.cpp domain/unpriced.cpp
  domain/cache_wish.cpp domain/stream_collector.cpp handlers/cached.cpp
  handlers/entities.cpp handlers/entity_parts.cpp handlers/teams.cpp handlers/keys.cpp handlers/key_changes.cpp handlers/management.cpp handlers/spend.cpp handlers/spend_call.cpp handlers/global_spend.cpp
  handlers/key_views.cpp
  ledger/admission.cpp ledger/answer_cache.cpp ledger/budget_gauges.cpp ledger/courier.cpp ledger/ledger.cpp ledger/ledger_admit.cpp ledger/ledger_describe.cpp ledger/records.cpp ledger/scripts.cpp
  ledger/spend_metrics.cpp ledger/spend_reader.cpp ledger/spool.cpp ledger/spool_segment.cpp ledger/store.cpp ledger/store_check.cpp)
set(LEDGER_TESTS config/key_rules_reader_test.cpp config/ledger_config_test.cpp domain/admission_plan_test.cpp domain/price_table_test.cpp domain/breaker_test.cpp domain/budget_period_test.cpp domain/cache_wish_test.cpp domain/key_policy_test.cpp domain/stream_collector_test.cpp domain/json_print_test.cpp domain/money_test.cpp domain/paging_test.cpp domain/unheld_fields_test.cpp domain/unknown_fields_test.cpp domain/unpriced_test.cpp ledger/budget_gauges_test.cpp ledger/scripts_test.cpp ledger/spool_test.cpp)
